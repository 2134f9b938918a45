// @ts-check
// What a key may do before anything else acts on it: a held key repeats nothing that writes, and nothing is written into
// a chat that has only just come. Pure.
/** @import { Arrival, Pressed } from "./types.js" */

/** Commands that go on while their key is held. */
const MAY_REPEAT = new Set([
  "next",
  "previous",
  "undo",
  "redo",
  "unseen",
  "nextField",
  "previousField",
  "messageUp",
  "messageDown",
  "wordLeft",
  "wordRight",
  "grow",
  "shrink",
  "evidence",
  "evidenceBack",
]);
/** Commands that write at once, without asking. */
const WRITES = new Set([
  "approve",
  "skip",
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
const MOVES = /^(Arrow.*|Tab|Home|End|Page.*|Shift|Control|Alt|Meta|AltGraph|CapsLock)$/;
const EDITS = /^(Backspace|Delete)$/;
/** Keys that choose in a list or in the box of a conflict; up and down only go through it. */
const PICKS = /^(Enter|ArrowLeft|ArrowRight)$/;

/** @param {Pressed["event"]} event */
function isLetter(event) {
  return event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
}

/**
 * Whether a repeat of a held key may act: it moves, or it is text where text is typed. None confirms, picks or decides.
 * @param {Pressed} pressed
 */
export function mayRepeat({ event, command, isText, isList, isLong, layer }) {
  if (layer !== null && !layer.isText && !layer.isThrough) return MOVES.test(event.key);
  if (command !== null) return MAY_REPEAT.has(command);
  if (MOVES.test(event.key)) return true;
  if (event.key === "Enter") return isLong && event.shiftKey;
  if (event.key === "Escape") return false;
  if (isList && /^[1-9]$/.test(event.key)) return false;
  return isText || !isLetter(event);
}

/**
 * Whether a key would write into the chat on screen before anybody can have seen it: what confirms or writes by itself
 * always, typing where nobody asked for this chat. Or in what lies over it, a list or the box of a conflict.
 * @param {Pressed} pressed
 * @param {Arrival} arrival
 */
export function comesTooSoon({ event, command, isText, isField, layer }, arrival) {
  if (layer?.isText) return false;
  if (layer !== null && !layer.isThrough)
    return arrival.isNewLayer() && (PICKS.test(event.key) || isLetter(event) || command !== null);
  if (!arrival.isNewChat()) return false;
  if (command !== null) return WRITES.has(command);
  if (event.key === "Enter") return isField;
  if (!isText) return /^[1-9]$/.test(event.key) && isLetter(event);
  return isField && arrival.isUnasked() && (isLetter(event) || EDITS.test(event.key));
}
