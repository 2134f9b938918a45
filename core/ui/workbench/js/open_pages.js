// @ts-check
// Which pages of this browser are open: what one of them keeps half typed is no other one's. Pure but for its channel.
/** @import { OpenPages, PageChannel } from "./types.js" */

/** Milliseconds in which an open page answers, also one that lies behind others. */
const ANSWER_TIME = 1000;

/** @type {OpenPages} where there is no other page */
export const ALONE = { id: "", openOf: async () => new Set() };

/**
 * One page among those that are open.
 * @param {string} id
 * @param {PageChannel} channel to all other pages of this browser
 * @param {() => Promise<unknown>} [wait]
 * @returns {OpenPages}
 */
export function joinPages(id, channel, wait = () => new Promise((resolve) => setTimeout(resolve, ANSWER_TIME))) {
  /** @type {Set<Set<string>>} who has answered, for each question that waits */
  const questions = new Set();
  channel.onmessage = ({ data }) => {
    if (data.asked?.includes(id)) channel.postMessage({ present: id });
    if (data.present) for (const present of questions) present.add(data.present);
  };
  return {
    id,
    async openOf(ids) {
      /** @type {Set<string>} */
      const present = new Set();
      questions.add(present);
      channel.postMessage({ asked: ids });
      await wait();
      questions.delete(present);
      return present;
    },
  };
}
