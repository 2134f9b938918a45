// @ts-check
// Whose work is whose when two versions of a chat meet: split customers, pins of somebody else, origins of another run.
import assert from "node:assert/strict";
import { test } from "node:test";

import { speakersOf, splitCustomer, unnamedSpeakers } from "../../core/ui/workbench/js/customers.js";
import { mergeChat } from "../../core/ui/workbench/js/incoming.js";
import { editField, makeEntry, togglePin } from "../../core/ui/workbench/js/model.js";
import { applyAck, conflictRows, makeSave, plainCustomers, settleConflict } from "../../core/ui/workbench/js/outbox.js";
import { chat, customer, FORM } from "./fixtures.mjs";

/** 林舟, split into 林舟 and 王强, who has a number of his own; nothing is saved yet. */
function split() {
  const entry = makeEntry(chat(1, { version: 3, customers: [customer({ 姓名: "林舟", 电话: "138" })] }));
  const at = splitCustomer(entry, FORM, 0, "王强", 0);
  editField(entry, at, "电话", "139", 0);
  return entry;
}

/**
 * Somebody else saved first.
 * @param {any} entry
 * @param {any[]} theirs
 */
function conflicted(entry, theirs) {
  const options = { id: "save-1", status: "草稿", note: "", reviewer: "林晓", now: 0 };
  const save = makeSave(entry, FORM, /** @type {any} */ (options));
  const ack = { save_id: "save-1", result: "conflict", version: 4, theirs, who: "陈默" };
  applyAck(entry, save, /** @type {any} */ (ack));
  return entry;
}

const people = (/** @type {any} */ entry) =>
  entry.work.map((/** @type {any} */ one) => [one.values["姓名"], one.values["电话"]]);

test("the second half of a split customer came from no form of the run", () => {
  assert.deepEqual(
    plainCustomers(split(), FORM).map((one) => one.origin),
    [0, null],
  );
});

test("after a conflict each number stands under its own name, whichever half has the origin or stands first", () => {
  for (const twin of [null, 0])
    for (const isTurned of [false, true]) {
      const entry = split();
      entry.work = entry.work.map((one, i) => (i === 1 ? { ...one, origin: twin } : one));
      if (isTurned) entry.work = [...entry.work].reverse();
      conflicted(entry, [customer({ 姓名: "林舟", 电话: "138", 明细: "他们的" }, { source: 0 })]);
      const ids = conflictRows(entry, FORM).map((row) => row.id);
      assert.deepEqual(ids, isTurned ? ["0:", "1:明细"] : ["0:明细", "1:"]);
      settleConflict(entry, FORM, new Set(ids.filter((id) => id.endsWith("明细"))));
      const names = people(entry).map((/** @type {string[]} */ [name]) => name);
      assert.deepEqual([...names].sort(), ["林舟", "王强"]);
      assert.deepEqual(
        new Map(people(entry)),
        new Map(
          isTurned
            ? [
                ["王强", "139"],
                ["林舟", "138"],
              ]
            : [
                ["林舟", "138"],
                ["王强", "139"],
              ],
        ),
      );
      assert.equal(entry.work[names.indexOf("林舟")].values["明细"], "他们的");
    }
});

test("two people who split the same customer are not told twice", () => {
  const entry = split();
  const theirs = [
    customer({ 姓名: "王强", 电话: "137" }, { source: null }),
    customer({ 姓名: "林舟", 电话: "138" }, { source: 0 }),
  ];
  conflicted(entry, theirs);
  assert.deepEqual(
    conflictRows(entry, FORM).map((row) => [row.key, row.mine, row.theirs]),
    [
      ["电话", "139", "137"],
      [null, "林舟、王强", "王强、林舟"],
    ],
  );
  settleConflict(entry, FORM, new Set());
  assert.deepEqual(people(entry), [
    ["林舟", "138"],
    ["王强", "139"],
  ]);
});

test("somebody's pins come in with their version, and my next save keeps them", () => {
  const entry = makeEntry(chat(1, { version: 1 }));
  const before = { ...customer(), pinned: { 电话: [2] } };
  assert.equal(mergeChat(entry, chat(1, { version: 2, customers: [before] }), false, FORM), "replaced");
  editField(entry, 0, "明细", "我的", 0);
  assert.deepEqual([plainCustomers(entry, FORM)[0].pinned, entry.version], [{ 电话: [2] }, 2]);
  const gone = makeEntry(chat(1, { version: 2, customers: [before] }));
  mergeChat(gone, chat(1, { version: 3 }), false, FORM);
  assert.deepEqual(plainCustomers(gone, FORM)[0].pinned, {}, "taken out by them");
});

test("pins of mine that are under way stay, and their version waits for the conflict", () => {
  const entry = makeEntry(chat(1, { version: 1 }));
  togglePin(entry, 0, "电话", 5, 0);
  mergeChat(entry, chat(1, { version: 2, customers: [customer({}, { pinned: { 电话: [2] } })] }), false, FORM);
  assert.deepEqual([entry.work[0].pinned, entry.version], [{ 电话: [5] }, 1]);
});

test("my own save comes back without ending what can be undone", () => {
  const entry = makeEntry(chat(1, { version: 1 }));
  togglePin(entry, 0, "电话", 5, 0);
  togglePin(entry, 0, "明细", 5, 0);
  togglePin(entry, 0, "明细", 5, 0);
  const options = { id: "save-1", status: "草稿", note: "", reviewer: "林晓", now: 0 };
  const save = makeSave(entry, FORM, /** @type {any} */ (options));
  applyAck(entry, save, /** @type {any} */ ({ save_id: "save-1", result: "saved", version: 2 }));
  const back = chat(1, { version: 2, customers: [customer({}, { pinned: { 电话: [5] }, origin: null })] });
  assert.equal(mergeChat(entry, back, false, FORM), "merged");
  assert.deepEqual([entry.undo.length, entry.work[0].origin, entry.work[0].pinned], [3, null, { 电话: [5] }]);
});

test("another version that counts in another run replaces mine, with what undoing would bring back", () => {
  const entry = makeEntry(chat(1, { version: 1, base_run_id: 7 }));
  const other = chat(1, { version: 2, base_run_id: 8, customers: [customer({}, { origin: 3 })] });
  assert.equal(mergeChat(entry, other, false, FORM), "replaced");
  assert.deepEqual([entry.work[0].origin, entry.baseRun, entry.undo], [3, 8, []]);
});

test("who speaks under the name of another customer is nobody else", () => {
  const speakers = ["客户12", "林木森", "林木", "陶然乡-邱总"].map((name) => ({ name, role: "客户", reasons: [] }));
  const entry = makeEntry(chat(1, { speakers, customers: [customer({ 姓名: "客户1" }), customer({ 姓名: "邱总" })] }));
  assert.deepEqual(
    ["客户1", "客户12", "林木", "林木森", "邱总"].map((name) => speakersOf(entry.chat, name)),
    [[], [0], [2], [1], [3]],
  );
  assert.deepEqual(speakersOf(entry.chat, "邱总", ["邱总", "陶然乡-邱总"]), []);
  assert.deepEqual(
    unnamedSpeakers(entry, FORM).map((speaker) => speaker.name),
    ["客户12", "林木森", "林木"],
  );
});
