// @ts-check
// What a held key may do before anything else acts on it: it repeats nothing that writes. Pure.
/** @import { Pressed } from "./types.js" */

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
const MOVES = /^(Arrow.*|Tab|Home|End|Page.*|Shift|Control|Alt|Meta|AltGraph|CapsLock)$/;

/** @param {Pressed["event"]} event */
function isLetter(event) {
  return event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
}

/**
 * Whether a repeat of a held key may act: it moves, or it is text in the field and chat where it went down. None confirms, picks or decides.
 * @param {Pressed} pressed
 */
export function mayRepeat({ event, command, isText, isList, isLong, isHere, layer }) {
  if (layer !== null && !layer.isText && !layer.isThrough) return MOVES.test(event.key);
  if (command !== null) return MAY_REPEAT.has(command);
  if (MOVES.test(event.key)) return true;
  if (event.key === "Enter") return isLong && event.shiftKey && isHere;
  if (event.key === "Escape") return false;
  if (isList && /^[1-9]$/.test(event.key)) return false;
  return isText ? isHere : !isLetter(event);
}
