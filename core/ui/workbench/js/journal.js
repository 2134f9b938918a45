// @ts-check
// The browser's own copy of everything that the server has not acknowledged: one storage item per save and per draft, so
// that two tabs of one reviewer never write over one another. The storage is handed in: node tests use a Map.
/** @import { BrowserStorage, Draft, PendingSave } from "./types.js" */

/**
 * @param {BrowserStorage} storage
 * @param {number} datasetId
 * @param {string} reviewer
 */
export function makeJournal(storage, datasetId, reviewer) {
  const prefix = `shiyao:${datasetId}:${reviewer}:`;
  let broken = false;

  /**
   * @param {string} key
   * @param {unknown} value
   */
  function put(key, value) {
    try {
      storage.setItem(prefix + key, JSON.stringify(value));
      broken = false;
    } catch {
      broken = true; // full, or forbidden by the browser: the page says so, saving itself goes on
    }
  }

  /** @param {string} key */
  function drop(key) {
    try {
      storage.removeItem(prefix + key);
    } catch {
      broken = true;
    }
  }

  /**
   * @template {{ made: number }} T
   * @param {string} kind
   * @returns {T[]}
   */
  function all(kind) {
    /** @type {T[]} */
    const found = [];
    try {
      for (let i = 0; i < storage.length; i += 1) {
        const key = storage.key(i);
        if (key?.startsWith(`${prefix}${kind}:`)) found.push(JSON.parse(storage.getItem(key) ?? "null"));
      }
    } catch {
      broken = true;
    }
    return found.sort((a, b) => a.made - b.made);
  }

  return {
    prefix,
    isBroken: () => broken,
    putSave: (/** @type {PendingSave} */ save) => put(`save:${save.save_id}`, save),
    dropSave: (/** @type {string} */ id) => drop(`save:${id}`),
    putDraft: (/** @type {Draft} */ draft) => put(`draft:${draft.chat}`, draft),
    dropDraft: (/** @type {number} */ chat) => drop(`draft:${chat}`),
    saves: () => /** @type {PendingSave[]} */ (all("save")),
    drafts: () => /** @type {Draft[]} */ (all("draft")),
  };
}
