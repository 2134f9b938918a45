// The browser's own copy of everything that the server has not acknowledged: one storage item per save and per draft, so
// that two tabs of one reviewer never write over one another. The storage is handed in: node tests use a Map.

export function makeJournal(storage, datasetId, reviewer) {
  const prefix = `shiyao:${datasetId}:${reviewer}:`;
  let broken = false;

  function put(key, value) {
    try {
      storage.setItem(prefix + key, JSON.stringify(value));
      broken = false;
    } catch {
      broken = true; // full, or forbidden by the browser: the page says so, saving itself goes on
    }
  }

  function drop(key) {
    try {
      storage.removeItem(prefix + key);
    } catch {
      broken = true;
    }
  }

  function all(kind) {
    const found = [];
    try {
      for (let i = 0; i < storage.length; i += 1) {
        const key = storage.key(i);
        if (key?.startsWith(`${prefix}${kind}:`)) found.push(JSON.parse(storage.getItem(key)));
      }
    } catch {
      broken = true;
    }
    return found.sort((a, b) => a.made - b.made);
  }

  return {
    prefix,
    isBroken: () => broken,
    putSave: (save) => put(`save:${save.save_id}`, save),
    dropSave: (id) => drop(`save:${id}`),
    putDraft: (draft) => put(`draft:${draft.chat}`, draft),
    dropDraft: (chat) => drop(`draft:${chat}`),
    saves: () => all("save"),
    drafts: () => all("draft"),
  };
}
