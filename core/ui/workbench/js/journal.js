// @ts-check
// The workbench's copy of everything that the server has not acknowledged: one storage item per save and per draft. A save
// was decided and is the same one from whichever page it goes off; a draft is under somebody's hands, on one page.
/** @import { BrowserStorage, Draft, KeptDraft, PendingSave } from "./types.js" */
import { makeUnanswered } from "../../js/unanswered.js";

/** The ordinary review; any other kind has a journal of its own. */
export const ORDINARY = "primary";
const ALL = "shiyao:";

/**
 * Where a page keeps its draft of a chat. Older pages did not say which one they were.
 * @param {number} chat
 * @param {string} page
 */
const draftKey = (chat, page) => `draft:${chat}${page && `:${page}`}`;

/**
 * The journal of one person's review of one kind. That of ordinary review lies where journals lay before they told
 * kinds apart: what an older page left there is ordinary work.
 * @param {BrowserStorage} storage
 * @param {number} datasetId
 * @param {string} reviewer
 * @param {string} [review] as the payload names it
 * @param {string} [page] id of this one
 */
export function makeJournal(storage, datasetId, reviewer, review = ORDINARY, page = "") {
  // A colon in a name must not make it read as another person's name and what follows it.
  const [name, kind] = [reviewer, review].map((text) => text.replaceAll(/[%:]/g, encodeURIComponent));
  const kept = makeUnanswered(storage, `${ALL}${datasetId}:${name}:${review === ORDINARY ? "" : `${kind}:`}`);
  return {
    prefix: kept.prefix,
    isBroken: kept.isBroken,
    putSave: (/** @type {PendingSave} */ save) => kept.put(`save:${save.save_id}`, save),
    dropSave: (/** @type {string} */ id) => kept.drop(`save:${id}`),
    putDraft: (/** @type {Draft} */ draft) => kept.put(draftKey(draft.chat, page), { ...draft, page }),
    dropDraft: (/** @type {number} */ chat, of = page) => kept.drop(draftKey(chat, of)),
    saves: () => /** @type {PendingSave[]} */ (kept.all("save")).map((save) => ({ ...save, review })),
    drafts: () => /** @type {KeptDraft[]} */ (kept.all("draft")).map((draft) => ({ ...draft, page: draft.page ?? "" })),
    /** Whether a draft may be under somebody's hands on another page. */
    isElsewhere: (/** @type {KeptDraft} */ draft) => draft.page !== "" && draft.page !== page && !draft.isLeft,
    release: (/** @type {KeptDraft} */ draft) => kept.put(draftKey(draft.chat, draft.page), { ...draft, isLeft: true }),
  };
}

/**
 * A page is being left: whichever is opened next goes on with its drafts and remarks, without asking whether it is still there.
 * @param {BrowserStorage} storage
 * @param {string} page
 */
export function releaseDrafts(storage, page) {
  const keys = Array.from({ length: storage.length }, (_, i) => storage.key(i) ?? "");
  for (const key of keys.filter((one) => /^shiyao(-remarks)?:/.test(one) && one.endsWith(`:${page}`)))
    storage.setItem(key, JSON.stringify({ ...JSON.parse(storage.getItem(key) ?? "{}"), isLeft: true }));
}
