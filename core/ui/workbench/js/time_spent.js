// @ts-check
// Time of work on a chat, and which part of it at each field. Pure but for the clock handed in.
/** @import { Entry } from "./types.js" */

/** Seconds after which a pause is no work. */
const IDLE_AFTER = 60;

/**
 * Add seconds of work to a chat, and to the field that had the reviewer's attention.
 * @param {Entry} entry
 * @param {string} key of the field; "" for none
 * @param {number} seconds
 */
export function spend(entry, key, seconds) {
  entry.seconds += seconds;
  if (key && seconds > 0)
    entry.fieldSeconds = { ...entry.fieldSeconds, [key]: (entry.fieldSeconds[key] ?? 0) + seconds };
}

/**
 * A clock of work: with each sign of work the time since the one before goes to the chat, and to the field that it was
 * spent at. The time until the first sign on a chat is spent on reading it: the field in focus was put there by nobody.
 * @param {() => number} now in milliseconds
 */
export function makeWorkClock(now) {
  let last = now();
  /** @type {number | null} the chat on which the last sign of work was */
  let at = null;
  /**
   * @param {Entry | null} entry the chat on screen
   * @param {string} key of the field; "" for none
   */
  return (entry, key) => {
    const then = last;
    last = now();
    if (!entry) return;
    spend(entry, entry.chat.chat === at ? key : "", Math.min((last - then) / 1000, IDLE_AFTER));
    at = entry.chat.chat;
  };
}
