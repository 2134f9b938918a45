// @ts-check
// Work that the server has not answered yet, as the workbench and the record table keep it.
import assert from "node:assert/strict";
import test from "node:test";
import { readOldEdits } from "../../core/ui/grid/behaviour.js";
import { makeUnanswered, restoreInto, takeAnswered } from "../../core/ui/js/unanswered.js";

function mapStorage() {
  /** @type {Map<string, string>} */
  const items = new Map();
  return {
    items,
    get length() {
      return items.size;
    },
    key: (/** @type {number} */ i) => [...items.keys()][i] ?? null,
    getItem: (/** @type {string} */ key) => items.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ text) => void items.set(key, text),
    removeItem: (/** @type {string} */ key) => void items.delete(key),
  };
}

test("items are kept each on its own, oldest first, apart by prefix and kind", () => {
  const storage = mapStorage();
  const mine = makeUnanswered(storage, "a:");
  const other = makeUnanswered(storage, "b:");
  mine.put("save:2", { id: 2, made: 20 });
  mine.put("save:1", { id: 1, made: 10 });
  mine.put("draft:1", { id: 9, made: 5 });
  other.put("save:3", { id: 3, made: 1 });
  assert.deepEqual(
    mine.all("save").map((item) => item.made),
    [10, 20],
  );
  mine.drop("save:1");
  assert.equal(mine.all("save").length, 1);
  assert.equal(other.all("save").length, 1);
});

test("one unreadable item hides no other", () => {
  const storage = mapStorage();
  const kept = makeUnanswered(storage, "a:");
  kept.put("save:1", { made: 1 });
  storage.setItem("a:save:2", "{broken");
  storage.setItem("a:save:3", "null");
  kept.put("save:4", { made: 4 });
  assert.deepEqual(
    kept.all("save").map((item) => item.made),
    [1, 4],
  );
});

test("a storage that refuses says so, and works again once it takes an item", () => {
  const storage = mapStorage();
  const kept = makeUnanswered(storage, "a:");
  const { setItem } = storage;
  storage.setItem = () => {
    throw new Error("full");
  };
  kept.put("save:1", { made: 1 });
  assert.equal(kept.isBroken(), true);
  storage.setItem = setItem;
  kept.put("save:1", { made: 1 });
  assert.equal(kept.isBroken(), false);
});

test("what an earlier page sent comes first, and nothing twice", () => {
  const list = [{ id: "c" }];
  restoreInto(list, [{ id: "a" }, { id: "c" }, { id: "b" }], ({ id }) => id);
  assert.deepEqual(
    list.map(({ id }) => id),
    ["a", "b", "c"],
  );
});

test("answered items leave the very list that is sent", () => {
  const list = [{ id: "a" }, { id: "b" }, { id: "c" }];
  const same = list;
  assert.deepEqual(
    takeAnswered(list, ({ id }) => id === "b"),
    [{ id: "b" }],
  );
  assert.equal(list, same);
  assert.deepEqual(
    list.map(({ id }) => id),
    ["a", "c"],
  );
});

test("edits of the record table kept as one list by an earlier version are read in their order", () => {
  const storage = mapStorage();
  storage.setItem("shiyao.records.1", JSON.stringify([{ id: "x" }, { id: "y" }]));
  assert.deepEqual(readOldEdits(storage, "shiyao.records.1"), [
    { id: "x", made: 0 },
    { id: "y", made: 1 },
  ]);
});
