// @ts-check
// Keys on the whole page while the workbench is on it. Fields handle their own keys; this is for commands.
/** @import { Layer, Pressed } from "./types.js" */
/** @import { Workbench } from "./workbench.js" */
import { TOO_SOON } from "./answers.js";
import { addLine } from "./bars.js";
import { isAllSelected } from "./composing.js";
import { pressOnCard } from "./end_card.js";
import { isBehindDialog, pageHas } from "./frame.js";
import { chordOf, commandOf, isComposing, placeOf } from "./keys.js";
import { pressIn } from "./layers.js";
import { makeLastOwner, mayRepeat } from "./press.js";
import { asksForRibbon, takesSpace } from "./ribbon.js";

/** Keys that buttons and links of the page take themselves. */
const OF_BUTTONS = /^(Enter| |Tab|Arrow.*|Home|End|Page.*)$/;

/**
 * Listen to the page's keys; returns a stop function.
 * @param {Workbench} workbench
 */
export function listen(workbench) {
  /** Where the last key went down: its repeats write nowhere else. */
  let down = { target: /** @type {EventTarget | null} */ (null), chat: /** @type {number | null} */ (null) };

  const lastOwner = makeLastOwner(() => performance.now());

  /** @param {KeyboardEvent} event */
  function keep(event) {
    event.preventDefault();
    event.stopPropagation();
  }

  /** Esc on the desk or in one of its fields: what lies there goes first, then command mode begins or ends. */
  function onEscape() {
    if (workbench.top.find.value) workbench.clearSearch();
    else if (workbench.guideOpen) workbench.calls.run("guide");
    else if (workbench.commandMode) {
      workbench.setMode(false);
      workbench.refocus();
    } else {
      workbench.setMode(true);
      workbench.root.focus({ preventScroll: true });
    }
  }

  /**
   * Letters stand at the fields: one leads there, Esc or the same keys take them away, any other key is what it is.
   * @param {KeyboardEvent} event
   */
  function onLetter(event) {
    if (["Shift", "Control", "Alt", "Meta"].includes(event.key)) return true;
    workbench.showLetters(false);
    const isPlain = !event.ctrlKey && !event.altKey && !event.metaKey;
    const place = isPlain ? placeOf(event.key) : -1;
    if (place >= 0) workbench.calls.run("field", place);
    else workbench.refocus();
    if (place < 0 && event.key !== "Escape" && chordOf(event) !== "Alt+L") return false;
    keep(event);
    return true;
  }

  /**
   * A key while the focus is on the page around the desk. Returns whether the desk may act on it.
   * @param {KeyboardEvent} event
   */
  function comesFromPage(event) {
    const owner = pageHas();
    if (owner === "keys") return false;
    if (event.key === "Escape") {
      workbench.refocus(); // back to the desk, and no more than that
      keep(event);
      return false;
    }
    const isPlain = !event.ctrlKey && !event.altKey && !event.metaKey && event.key !== "F1";
    if (isPlain && owner === "letters") return false;
    return !(isPlain && owner === "button" && OF_BUTTONS.test(event.key));
  }

  /**
   * A key, with where it was pressed.
   * @param {KeyboardEvent} event
   * @param {EventTarget[]} path
   * @param {Layer | null} layer
   * @returns {Pressed}
   */
  function pressedIn(event, path, layer) {
    const target = path[0] instanceof Element ? path[0] : null;
    const isText = Boolean(target?.matches("input, textarea"));
    const isField = isText && Boolean(target?.matches("[data-field]"));
    const input = /** @type {HTMLInputElement} */ (target);
    const isList = Boolean(target?.matches(".entry") && !input.value);
    return {
      event,
      command: commandOf(event, workbench.commandMode)?.id ?? null,
      isText,
      isField,
      isList,
      isUntouched: isField && isAllSelected(input),
      isLong: Boolean(target?.matches("textarea")),
      isHere: down.target === target && down.chat === workbench.store.current,
      layer,
    };
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (!event.repeat) down = { target: event.composedPath()[0], chat: workbench.store.current };
    if (!workbench.root.isConnected || isComposing(event)) return;
    if (event.key === "Shift" || event.key === "Alt") workbench.holdLetters(event.altKey && event.shiftKey);
    const path = event.composedPath();
    const isOutside = !path.includes(workbench.root);
    if (isOutside ? !comesFromPage(event) : isBehindDialog()) {
      lastOwner.isOfClosed("page", chordOf(event));
      return;
    }
    const layer = workbench.layers.ownerOf(path);
    const pressed = pressedIn(event, path, layer);
    if (event.repeat && !mayRepeat(pressed)) {
      keep(event);
      return;
    }
    if (lastOwner.isOfClosed(layer?.name ?? "", chordOf(event))) {
      addLine(workbench.bottom, TOO_SOON.closed);
      keep(event);
      return;
    }
    const isCommand = commandOf(event, false) !== null;
    const fate = pressIn(layer, event, isCommand);
    if (fate === "taken") keep(event);
    if (fate !== "desk") return;
    if (pressOnCard(workbench, event)) {
      keep(event);
      return;
    }
    if (workbench.lettersAsked && onLetter(event)) return;
    if (asksForRibbon(pressed, path[0])) {
      workbench.ribbon.hold();
      keep(event);
      return;
    }
    if (event.key === "Escape") {
      onEscape();
      keep(event);
      return;
    }
    if (
      event.key === "Tab" &&
      pressed.isField &&
      !workbench.commandMode &&
      workbench.calls.cross(event.shiftKey ? -1 : 1)
    ) {
      keep(event);
      return;
    }
    const isAsking = event.key === "?" && !pressed.isText; // the help answers wherever no text is typed
    const command = commandOf(event, workbench.commandMode || isAsking);
    const plain = workbench.commandMode && !event.ctrlKey && !event.altKey && !event.metaKey;
    if (plain && /^[1-9]$/.test(event.key)) {
      workbench.calls.digit(Number(event.key));
      keep(event);
    } else if (plain && event.key === "Enter") {
      workbench.setMode(false);
      workbench.refocus();
      keep(event);
    } else if (command) {
      workbench.calls.run(command.id, command.number, event.repeat);
      if (workbench.commandMode || isOutside)
        keep(event); // a list of the page would open on Alt+↓, too
      else event.preventDefault();
    } else if (workbench.commandMode && event.key.length === 1 && !(event.key === " " && takesSpace(path[0]))) {
      keep(event); // Streamlit has letters of its own: R runs the page again, C clears its caches
    }
  }

  function letGo() {
    workbench.holdLetters(false);
    workbench.ribbon.release();
  }
  /** @param {KeyboardEvent} event */
  function onUp(event) {
    workbench.holdLetters(false);
    if (event.key === " ") workbench.ribbon.release();
  }
  window.addEventListener("keydown", onKey, true);
  window.addEventListener("keyup", onUp, true);
  window.addEventListener("blur", letGo);
  return () => {
    letGo();
    window.removeEventListener("keydown", onKey, true);
    window.removeEventListener("keyup", onUp, true);
    window.removeEventListener("blur", letGo);
  };
}
