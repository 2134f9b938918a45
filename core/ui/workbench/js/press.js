// @ts-check
// What a key may do before anything else acts on it: held, it repeats nothing that writes; pressed twice, its second press
// does not reach what lay under the panel that the first one closed. Pure.
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

/** Keys that close a panel, and confirm or approve what lies under it. */
const CLOSING = /^(Enter|Ctrl\+Enter)$/;
/** Milliseconds in which a key is still meant for what it has just closed. */
const AFTER_CLOSING = 400;

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

/**
 * Remembers who the last key belonged to: a second press that comes at once after one that closed a panel, a list or a
 * dialog of the page is meant for that one.
 * @param {() => number} now milliseconds
 */
export function makeLastOwner(now) {
  let last = { owner: "", chord: "", at: -Infinity };
  return {
    /**
     * Whether a key that belongs to the desk, or to another layer, was meant for the one that it closed.
     * @param {string} owner name of the layer that the key belongs to; "" for the desk
     * @param {string} chord
     */
    isOfClosed(owner, chord) {
      if (/(^|\+)(Control|Shift|Alt|Meta)$/.test(chord)) return false; // on the way to the next chord
      const isClosed = last.owner !== "" && last.owner !== owner;
      if (isClosed && CLOSING.test(chord) && chord === last.chord && now() - last.at < AFTER_CLOSING) return true;
      last = { owner, chord, at: now() };
      return false;
    },
  };
}
