// @ts-check
// What may act on what is on screen: text, keys, clicks, commands and decisions all ask here, and nothing else decides it.
// Whatever comes before anybody can have seen what it would act on does nothing, and that is said. Pure.
/** @import { Arrival, FormActions, Guard, Newcomer } from "./types.js" */

/** Commands that write at once, without asking. Decisions and undo ask for themselves. */
const WRITES = new Set([
  "redo",
  "empties",
  "confirm",
  "takeBack",
  "other",
  "accept",
  "dismiss",
  "fill",
  "pin",
  "remove",
  "moveLeft",
  "moveRight",
]);

/**
 * @param {Arrival} arrival
 * @param {(newcomer: Newcomer) => void} onRefused told what has only just come
 * @returns {Guard}
 */
export function makeGuard(arrival, onRefused) {
  /** @type {(isNew: boolean, newcomer: Newcomer) => boolean} */
  function unless(isNew, newcomer) {
    if (isNew) onRefused(newcomer);
    return !isNew;
  }
  const mayWrite = () => unless(arrival.isNewChat() || arrival.isNewCustomer(), "chat");
  return {
    mayWrite,
    mayRun: (command) => !WRITES.has(command) || mayWrite(),
    // Who went to a field of the new chat knows where the text goes; it is blind in the one that the focus was put into.
    mayType: () => unless((arrival.isUnasked() && !arrival.hasMoved()) || arrival.isLed(), "chat"),
    mayChange: () => mayWrite() && unless(arrival.isLed(), "chat"),
    mayDecide: () => unless(arrival.isNew(), "chat"),
    mayPick: () => unless(arrival.isNewChat(), "chat") && unless(arrival.isNewLayer(), "layer"),
    maySettle: (isClick) => unless(isClick ? arrival.isNewBox() : arrival.isNew(), "layer"),
    // The decision that led here is known to who made it; what it led to is not.
    mayUndo: (isDecision) => unless(arrival.isNewChat() && !(isDecision && arrival.isUnasked()), "chat"),
  };
}

/**
 * The form's actions, each behind the question whether it may.
 * @param {FormActions} actions
 * @param {Guard} guard
 * @returns {FormActions}
 */
export function guardActions(actions, { mayType, mayChange, mayWrite }) {
  /** @type {<Given extends unknown[]>(may: () => boolean, act: (...given: Given) => void) => (...given: Given) => void} */
  const behind =
    (may, act) =>
    (...given) => {
      if (may()) act(...given);
    };
  return {
    ...actions,
    // A digit or Backspace in a choice is no text: it picks, and takes away.
    edit: (key, value, typed) => {
      if ((typed ? mayType : mayChange)()) actions.edit(key, value, typed);
    },
    advance: behind(mayWrite, actions.advance),
    toggleConfirm: behind(mayWrite, actions.toggleConfirm),
    takeBack: behind(mayWrite, actions.takeBack),
    accept: behind(mayWrite, actions.accept),
    take: behind(mayWrite, actions.take),
    dismiss: behind(mayWrite, actions.dismiss),
    removeCustomer: behind(mayWrite, actions.removeCustomer),
  };
}

/**
 * Watch the clicks in an element: the second one of a double click acts only where the first one did, not on what has come
 * into its place, or lay under it.
 * @param {EventTarget} host
 * @param {() => void} onRefused
 */
export function watchClicks(host, onRefused) {
  /** @type {Element | null} */
  let clicked = null;
  /** @param {Event} event */
  function onClick(event) {
    const { detail } = /** @type {MouseEvent} */ (event); // 0: a key
    const button = /** @type {Element} */ (event.target).closest("button, a");
    if (detail === 1) clicked = button;
    if (detail < 2 || button === null || button === clicked) return;
    event.preventDefault();
    event.stopPropagation();
    onRefused();
  }
  host.addEventListener("click", onClick, { capture: true });
}
