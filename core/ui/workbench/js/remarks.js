// @ts-check
// Carries what is said in discussions to the server: kept in the browser first, sent again where no answer comes. No DOM.
/** @import { BrowserStorage, RemarkAnswer, SentRemark, Store } from "./types.js" */

const PREFIX = "shiyao-remarks:";
/** Milliseconds without an answer after which a remark is sent again. */
const PATIENT_FOR = 10_000;

/**
 * @param {Store} store
 * @param {{ tell: (remarks: SentRemark[]) => void, storage: BrowserStorage, clock: () => number }} options
 */
export function makeRemarks(store, { tell, storage, clock }) {
  /** @type {SentRemark[]} */
  let waiting = [];
  /** @type {Record<string, string>} what is typed and not handed in, by discussion */
  let drafts = {};
  let restored = "";
  let sentAt = 0;

  const place = () => `${PREFIX}${JSON.stringify([store.dataset.id, store.reviewer, store.review])}`;

  function keep() {
    try {
      if (waiting.length || Object.keys(drafts).length) storage.setItem(place(), JSON.stringify({ waiting, drafts }));
      else storage.removeItem(place());
    } catch {
      // A browser that keeps nothing still sends it.
    }
  }

  function send() {
    sentAt = clock();
    tell(waiting);
  }

  return {
    /** Bring back what a reload left, once per dataset, person and kind of review. */
    restore() {
      if (!store.reviewer || restored === place()) return;
      restored = place();
      waiting = [];
      drafts = {};
      try {
        const kept = JSON.parse(storage.getItem(place()) ?? "{}");
        if (Array.isArray(kept.waiting)) waiting = kept.waiting;
        if (kept.drafts && typeof kept.drafts === "object") drafts = kept.drafts;
      } catch {
        // What cannot be read was not written here.
      }
      if (waiting.length) send();
    },

    /** @param {SentRemark} remark */
    add(remark) {
      waiting = [...waiting, remark];
      keep();
      send();
    },

    /**
     * Take answers; returns each remark that was answered now with its answer.
     * @param {RemarkAnswer[]} answers
     */
    settle(answers) {
      const settled = waiting.flatMap((remark) => {
        const answer = answers.find(({ id }) => id === remark.id);
        return answer ? [{ remark, answer }] : [];
      });
      if (!settled.length) return [];
      waiting = waiting.filter((remark) => settled.every((one) => one.remark !== remark));
      keep();
      return settled;
    },

    /** Send again what got no answer in time; `force` does not wait for that. */
    retry(force = false) {
      if (waiting.length && (force || clock() - sentAt > PATIENT_FOR)) send();
    },

    /** @param {string} name of a discussion */
    draft: (name) => drafts[name] ?? "",

    /**
     * @param {string} name of a discussion
     * @param {string} text
     */
    keepDraft(name, text) {
      if ((drafts[name] ?? "") === text) return;
      if (text) drafts = { ...drafts, [name]: text };
      else {
        const { [name]: _, ...others } = drafts;
        drafts = others;
      }
      keep();
    },

    waiting: () => waiting,
  };
}
