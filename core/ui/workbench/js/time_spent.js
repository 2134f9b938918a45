// @ts-check
// Time of work on a chat, and which part of it at each field. Pure.
/** @import { Entry } from "./types.js" */

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
