// @ts-check
// The workbench's copy of everything that the server has not acknowledged: one storage item per save and per draft.
/** @import { BrowserStorage, Draft, PendingSave } from "./types.js" */
import { makeUnanswered } from "../../js/unanswered.js";

/**
 * @param {BrowserStorage} storage
 * @param {number} datasetId
 * @param {string} reviewer
 */
export function makeJournal(storage, datasetId, reviewer) {
  // A colon in a name must not make it read as another person's name and what follows it.
  const name = reviewer.replaceAll(/[%:]/g, encodeURIComponent);
  const kept = makeUnanswered(storage, `shiyao:${datasetId}:${name}:`);
  return {
    prefix: kept.prefix,
    isBroken: kept.isBroken,
    putSave: (/** @type {PendingSave} */ save) => kept.put(`save:${save.save_id}`, save),
    dropSave: (/** @type {string} */ id) => kept.drop(`save:${id}`),
    putDraft: (/** @type {Draft} */ draft) => kept.put(`draft:${draft.chat}`, draft),
    dropDraft: (/** @type {number} */ chat) => kept.drop(`draft:${chat}`),
    saves: () => /** @type {PendingSave[]} */ (kept.all("save")),
    drafts: () => /** @type {Draft[]} */ (kept.all("draft")),
  };
}
