// @ts-check
// Work that the server has not answered yet: a list in memory, and a copy of each item in the browser's storage that
// outlives a reload. The workbench and the record table both keep theirs here. The storage is handed in: node tests use
// a Map. One storage item per piece of work, so that two tabs of one person never write over one another.

/**
 * What of `localStorage` is used.
 * @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">} KeyValueStorage
 */

/**
 * A person's unanswered work in the browser's storage.
 * @param {KeyValueStorage} storage
 * @param {string} prefix of every storage key; whatever it names (dataset, person) has a copy of its own
 */
export function makeUnanswered(storage, prefix) {
  let broken = false;

  /**
   * The item under a storage key; none where it cannot be read: one bad item never hides the others.
   * @param {string} key
   * @returns {any[]}
   */
  function read(key) {
    try {
      const item = JSON.parse(storage.getItem(key) ?? "null");
      return item && typeof item === "object" ? [item] : [];
    } catch {
      return [];
    }
  }

  return {
    prefix,
    /** Whether the last write or read failed: the storage is full, or the browser forbids it. Sending goes on. */
    isBroken: () => broken,

    /**
     * Keep an item, or its newer state, under a key of its own.
     * @param {string} key
     * @param {unknown} item
     */
    put(key, item) {
      try {
        storage.setItem(prefix + key, JSON.stringify(item));
        broken = false;
      } catch {
        broken = true;
      }
    },

    /**
     * Forget an item.
     * @param {string} key
     */
    drop(key) {
      try {
        storage.removeItem(prefix + key);
      } catch {
        broken = true;
      }
    },

    /**
     * All kept items whose key begins with `kind:`, oldest first.
     * @template {{ made: number }} T
     * @param {string} kind
     * @returns {T[]}
     */
    all(kind) {
      /** @type {string[]} */
      const keys = [];
      try {
        for (let i = 0; i < storage.length; i += 1) keys.push(storage.key(i) ?? "");
      } catch {
        broken = true;
      }
      const items = keys.filter((key) => key.startsWith(`${prefix}${kind}:`)).flatMap((key) => read(key));
      return items.sort((a, b) => a.made - b.made);
    },
  };
}

/**
 * Put kept items that the list lacks in front of it, in place: what an earlier page sent comes first.
 * @template T
 * @param {T[]} list
 * @param {T[]} kept
 * @param {(item: T) => string} idOf
 */
export function restoreInto(list, kept, idOf) {
  const known = new Set(list.map(idOf));
  list.unshift(...kept.filter((item) => !known.has(idOf(item))));
}

/**
 * Take the answered items out of the list, in place, and return them.
 * @template T
 * @param {T[]} list
 * @param {(item: T) => boolean} isAnswered
 */
export function takeAnswered(list, isAnswered) {
  const answered = list.filter(isAnswered);
  if (answered.length) list.splice(0, list.length, ...list.filter((item) => !isAnswered(item)));
  return answered;
}
