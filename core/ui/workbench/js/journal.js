// @ts-check
// The workbench's copy of everything that the server has not acknowledged: one storage item per save and per draft.
/** @import { BrowserStorage, Draft, PendingSave } from "./types.js" */
import { makeUnanswered } from "../../js/unanswered.js";

/** The ordinary review; any other kind has a journal of its own. */
export const ORDINARY = "primary";

/**
 * The journal of one person's review of one kind. That of ordinary review lies where journals lay before they told
 * kinds apart: what an older page left there is ordinary work.
 * @param {BrowserStorage} storage
 * @param {number} datasetId
 * @param {string} reviewer
 * @param {string} [review] as the payload names it
 */
export function makeJournal(storage, datasetId, reviewer, review = ORDINARY) {
  // A colon in a name must not make it read as another person's name and what follows it.
  const [name, kind] = [reviewer, review].map((text) => text.replaceAll(/[%:]/g, encodeURIComponent));
  const kept = makeUnanswered(storage, `shiyao:${datasetId}:${name}:${review === ORDINARY ? "" : `${kind}:`}`);
  return {
    prefix: kept.prefix,
    isBroken: kept.isBroken,
    putSave: (/** @type {PendingSave} */ save) => kept.put(`save:${save.save_id}`, save),
    dropSave: (/** @type {string} */ id) => kept.drop(`save:${id}`),
    putDraft: (/** @type {Draft} */ draft) => kept.put(`draft:${draft.chat}`, draft),
    dropDraft: (/** @type {number} */ chat) => kept.drop(`draft:${chat}`),
    saves: () => /** @type {PendingSave[]} */ (kept.all("save")).map((save) => ({ ...save, review })),
    drafts: () => /** @type {Draft[]} */ (kept.all("draft")),
  };
}
