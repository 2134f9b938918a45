// @ts-check
// How long a reviewer stays at a doubtful field, measured on this desk and kept in the browser: what the rest will take.
/** @import { BrowserStorage } from "./types.js" */

const STAYS_KEPT = 50;
/** Before so many doubts were looked at, nothing is said. */
const STAYS_NEEDED = 5;
/** Seconds; who stays longer is away, as with the seconds of a chat. */
const LONGEST_STAY = 60;

/** @param {string} reviewer */
const paceKey = (reviewer) => `shiyao:doubt-pace:${reviewer}`;

/**
 * The stays of a reviewer. `now` gives milliseconds.
 * @param {BrowserStorage} storage
 * @param {() => number} now
 */
export function makeDoubtPace(storage, now) {
  let here = "";
  let since = 0;
  let whose = "";
  /** @type {Map<string, number>} seconds at each doubt of the chat on screen: who comes back to one adds to it */
  const stays = new Map();

  /**
   * @param {string} reviewer
   * @returns {number[]}
   */
  function read(reviewer) {
    try {
      const kept = JSON.parse(storage.getItem(paceKey(reviewer)) ?? "[]");
      return Array.isArray(kept) ? kept.filter((one) => typeof one === "number" && one > 0 && one <= LONGEST_STAY) : [];
    } catch {
      return []; // no storage, or somebody else's words in it: there is no pace then
    }
  }

  function stop() {
    if (here) stays.set(here, Math.min(LONGEST_STAY, (stays.get(here) ?? 0) + (now() - since) / 1000));
    here = "";
  }

  return {
    /**
     * Somebody is at a doubtful field now; "" for any other.
     * @param {string} reviewer
     * @param {string} place unique within the chat
     */
    at(reviewer, place) {
      if (place === here && reviewer === whose) return;
      stop();
      [here, since, whose] = [place, now(), reviewer];
    },

    /** The chat is left: each doubt that was looked at in it is one stay. */
    leave() {
      stop();
      if (stays.size === 0) return;
      const all = [...read(whose), ...[...stays.values()].map((seconds) => Math.round(seconds * 10) / 10)];
      stays.clear();
      try {
        storage.setItem(paceKey(whose), JSON.stringify(all.filter((seconds) => seconds > 0).slice(-STAYS_KEPT)));
      } catch {
        // Nothing is kept then, and nothing is said of the time.
      }
    },

    /**
     * The median seconds of a reviewer's last stays; null before the first few.
     * @param {string} reviewer
     */
    secondsEach(reviewer) {
      const sorted = read(reviewer).sort((a, b) => a - b);
      if (sorted.length < STAYS_NEEDED) return null;
      const middle = sorted.length >> 1;
      return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    },
  };
}
