// @ts-check
// Carries what is said in discussions to the server: kept in the browser first, sent again where no answer comes. No DOM.
/** @import { BrowserStorage, OpenPages, Place, RemarkAnswer, SentRemark, Store } from "./types.js" */
import { ALONE } from "./open_pages.js";

const PREFIX = "shiyao-remarks:";
/** Milliseconds without an answer after which a remark is sent again. */
const PATIENT_FOR = 10_000;

/**
 * Under which name what is typed in a discussion is kept: its id, or its place where nobody has opened it yet.
 * @param {number} chat
 * @param {number} id 0 for none
 * @param {Place | null} place null for the whole chat
 */
export const draftName = (chat, id, place) => JSON.stringify([chat, id || [place?.index ?? null, place?.key ?? ""]]);

/**
 * Where a text waits that came back while something else may be in the box.
 * @param {string} name of a discussion
 */
const backName = (name) => `${name}:back`;

/**
 * @param {Store} store
 * @param {{ tell: (remarks: SentRemark[]) => void, storage: BrowserStorage, clock: () => number, pages?: OpenPages }} options
 */
export function makeRemarks(store, { tell, storage, clock, pages = ALONE }) {
  /** @type {SentRemark[]} */
  let waiting = [];
  /** @type {Record<string, string>} what is typed and not handed in, by discussion */
  let drafts = {};
  let restored = "";
  let sentAt = 0;

  const place = () => `${PREFIX}${JSON.stringify([store.dataset.id, store.reviewer, store.review])}`;

  /** Each page keeps its own, so that two of them never write over one another. */
  const ownKey = () => `${place()}${pages.id && `:${pages.id}`}`;

  /** Keys of what other pages of this person keep. */
  function otherKeys() {
    const keys = Array.from({ length: storage.length }, (_, i) => storage.key(i) ?? "");
    return keys.filter((key) => key !== ownKey() && (key === place() || key.startsWith(`${place()}:`)));
  }

  /**
   * What lies under a key.
   * @param {string} key
   * @returns {{ waiting: SentRemark[], drafts: Record<string, string>, isLeft: boolean }}
   */
  function read(key) {
    try {
      const kept = JSON.parse(storage.getItem(key) ?? "{}");
      return {
        waiting: Array.isArray(kept.waiting) ? kept.waiting : [],
        drafts: kept.drafts && typeof kept.drafts === "object" ? kept.drafts : {},
        isLeft: key === place() || kept.isLeft === true,
      };
    } catch {
      return { waiting: [], drafts: {}, isLeft: false }; // What cannot be read was not written here.
    }
  }

  /**
   * Go on with what a page kept that is gone.
   * @param {string} key
   */
  function takeOver(key) {
    const left = read(key);
    waiting = [...left.waiting.filter(({ id }) => waiting.every((one) => one.id !== id)), ...waiting];
    for (const [name, text] of Object.entries(left.drafts)) {
      const back = name.endsWith(backName("")) ? name : backName(name);
      drafts = { ...drafts, [back]: joined([drafts[back], text]) };
    }
    if (keep()) storage.removeItem(key);
  }

  /**
   * Go on with what pages kept that could not say that they were left (a crash).
   * @param {string[]} keys
   */
  async function takeCrashed(keys) {
    const from = place();
    const idOf = (/** @type {string} */ key) => key.slice(from.length + 1);
    const open = await pages.openOf(keys.map(idOf));
    if (restored !== from || place() !== from) return;
    const gone = keys.filter((key) => !open.has(idOf(key)) && storage.getItem(key) !== null);
    for (const key of gone) takeOver(key);
    if (gone.length && waiting.length) send();
  }

  /** Whether the browser has kept it. */
  function keep() {
    try {
      if (waiting.length || Object.keys(drafts).length) storage.setItem(ownKey(), JSON.stringify({ waiting, drafts }));
      else storage.removeItem(ownKey());
      return true;
    } catch {
      return false; // A browser that keeps nothing still sends it.
    }
  }

  function send() {
    sentAt = clock();
    tell(waiting);
  }

  /**
   * A text that was not taken comes back to its discussion, behind what came back before.
   * @param {SentRemark} remark
   */
  function giveBack({ chat, discussion, customer, field, text }) {
    if (!text?.trim()) return;
    const place = customer === null ? null : { index: customer, key: field };
    const name = backName(draftName(chat, discussion, place));
    drafts = { ...drafts, [name]: joined([drafts[name], text]) };
  }

  return {
    /**
     * Bring back what a reload left, once per dataset, person and kind of review. What another page keeps that is open
     * stays there.
     */
    restore() {
      if (!store.reviewer || restored === place()) return;
      restored = place();
      ({ waiting, drafts } = read(ownKey()));
      const others = otherKeys();
      const left = others.filter((key) => read(key).isLeft);
      for (const key of left) takeOver(key);
      if (waiting.length) send();
      const elsewhere = others.filter((key) => !left.includes(key));
      if (elsewhere.length) takeCrashed(elsewhere);
    },

    /** @param {SentRemark} remark */
    add(remark) {
      waiting = [...waiting, remark];
      keep();
      send();
    },

    /**
     * Take answers; returns each remark that was answered now with its answer. The text of one that was not saved, of
     * whatever kind, is a draft of its discussion again.
     * @param {RemarkAnswer[]} answers
     */
    settle(answers) {
      const settled = waiting.flatMap((remark) => {
        const answer = answers.find(({ id }) => id === remark.id);
        return answer ? [{ remark, answer }] : [];
      });
      if (!settled.length) return [];
      waiting = waiting.filter((remark) => settled.every((one) => one.remark !== remark));
      for (const { remark, answer } of settled) if (answer.result !== "saved") giveBack(remark);
      keep();
      return settled;
    },

    /** Send again what got no answer in time; `force` does not wait for that. */
    retry(force = false) {
      if (waiting.length && (force || clock() - sentAt > PATIENT_FOR)) send();
    },

    /**
     * The draft of a discussion, with all that came back to it; for an empty box, which shows it then.
     * @param {string} name
     * @param {string[]} others its names at other times: before somebody opened it
     */
    takeUp(name, others = []) {
      const names = [name, ...others].flatMap((one) => [one, backName(one)]);
      const text = joined(names.map((one) => drafts[one]));
      if (!text) return "";
      const rest = Object.entries(drafts).filter(([one]) => !names.includes(one));
      drafts = { ...Object.fromEntries(rest), [name]: text };
      keep();
      return text;
    },

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

/**
 * Texts below one another, each once.
 * @param {(string | undefined)[]} texts
 */
function joined(texts) {
  return [...new Set(texts)].filter(Boolean).join("\n");
}
