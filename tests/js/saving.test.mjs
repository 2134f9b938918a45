// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { editField, noteDecision, redo, togglePin, undo, undoDecision } from "../../core/ui/workbench/js/model.js";
import {
  confirmSettled,
  conflictRows,
  isJustSettled,
  mayDraft,
  reopenConflict,
  settleConflict,
} from "../../core/ui/workbench/js/outbox.js";
import { goNext, goPrevious, makeStore, nextChat, receive, troubled } from "../../core/ui/workbench/js/state.js";
import { makeSync } from "../../core/ui/workbench/js/sync.js";
import { chat, customer, entryOf, FORM, payload, soon, storage, world } from "./fixtures.mjs";

/** @typedef {ReturnType<typeof world>} Desk */

/**
 * A workbench that has read its first payload.
 * @param {ReturnType<typeof storage>} [kept]
 * @param {Record<string, unknown>} [extra]
 */
function open(kept, extra) {
  const desk = world(makeStore, makeSync, kept);
  desk.sync.settle(receive(desk.store, payload(extra), desk.sync.restore));
  return desk;
}

/**
 * The server's next payload arrives.
 * @param {Desk} desk
 * @param {Record<string, unknown>} [extra]
 */
function take(desk, extra) {
  desk.sync.settle(receive(desk.store, payload(extra), desk.sync.restore));
}

/**
 * Approve the chat on screen and go to the next one.
 * @param {Desk} desk
 */
function approve(desk) {
  const save = desk.sync.save(entryOf(desk.store), "已确认");
  goNext(desk.store);
  return save;
}

test("quick approvals lie in the outbox together and leave it one by one", async () => {
  const desk = open();
  const [first, second] = [approve(desk), approve(desk)];
  assert.equal(desk.store.current, 3);
  assert.equal(desk.sync.state(), "saving");
  await soon();
  assert.deepEqual(
    desk.emitted.find(([name]) => name === "outbox")[1].map((/** @type {any} */ save) => save.chat),
    [1, 2],
  );
  take(desk, { open: 3, acks: [{ save_id: first.save_id, result: "saved", version: 1 }] });
  assert.deepEqual(
    desk.store.outbox.map((/** @type {any} */ save) => save.save_id),
    [second.save_id],
  );
  take(desk, { open: 3, acks: [{ save_id: second.save_id, result: "saved", version: 1 }] });
  assert.equal(desk.sync.state(), "saved");
  assert.equal(desk.kept.items.size, 0);
});

test("a decision leaves once the next chat is painted, and takes along what the server hears of the desk", async () => {
  /** @type {(() => void)[]} */
  const frames = [];
  const desk = world(makeStore, makeSync, storage(), {
    whenPainted(run) {
      frames.push(run);
      return () => frames.splice(frames.indexOf(run), 1);
    },
  });
  take(desk);
  desk.sync.reportPlace();
  desk.emitted.length = 0;
  const save = approve(desk);
  desk.sync.reportPlace();
  await soon();
  assert.deepEqual([desk.emitted, frames.length], [[], 1]);
  assert.ok(
    [...desk.kept.items.keys()].some((key) => key.endsWith(save.save_id)),
    "until then it lies in the journal",
  );
  frames.pop()?.();
  assert.deepEqual(
    desk.emitted.map(([name]) => name),
    ["outbox", "at"],
  );
});

test("a draft does not wait for a frame, and takes along a decision that does", async () => {
  let calledOff = 0;
  const whenPainted = () => () => {
    calledOff += 1;
  };
  const desk = world(makeStore, makeSync, storage(), { whenPainted });
  take(desk);
  approve(desk);
  const entry = entryOf(desk.store);
  editField(entry, 0, "明细", "书架", 0);
  desk.sync.touch(entry);
  desk.sync.flushDrafts();
  await soon();
  const [, outbox] = desk.emitted.find(([name]) => name === "outbox");
  assert.deepEqual([calledOff, outbox.map((/** @type {any} */ save) => save.status)], [1, ["已确认", "草稿"]]);
});

test("what is sent is what the contract says", async () => {
  const desk = open();
  editField(entryOf(desk.store), 0, "明细", "书架", 0);
  approve(desk);
  await soon();
  const [save] = desk.emitted.find(([name]) => name === "outbox")[1];
  assert.deepEqual(Object.keys(save).sort(), [
    "after_save_id",
    "base_version",
    "chat",
    "customers",
    "field_seconds",
    "form",
    "made",
    "note",
    "reason",
    "record_id",
    "review",
    "reviewer",
    "save_id",
    "seconds",
    "status",
    "tries",
    "undo",
  ]);
  assert.deepEqual(Object.keys(save.customers[0]).sort(), ["confirmed", "from", "origin", "pinned", "values"]);
  assert.equal(save.customers[0].origin, 0);
});

test("one draft at a time is under way, the next follows it", () => {
  const desk = open();
  const entry = entryOf(desk.store);
  editField(entry, 0, "明细", "一", 0);
  const draft = desk.sync.save(entry, "草稿");
  editField(entry, 0, "明细", "二", 0);
  assert.ok(!mayDraft(entry, desk.store.outbox));
  const decision = desk.sync.save(entry, "已确认");
  assert.equal(decision.after_save_id, draft.save_id);
  assert.equal(decision.base_version, 0);
  take(desk, {
    acks: [draft, decision].map((save, i) => ({ save_id: save.save_id, result: "saved", version: i + 1 })),
  });
  assert.equal(entry.version, 2);
});

test("what was typed comes back after a reload and is sent", async () => {
  const kept = storage();
  const before = open(kept);
  editField(entryOf(before.store), 0, "明细", "书架", 0);
  before.sync.touch(entryOf(before.store));
  before.sync.stop(); // the page is gone before the draft went off
  const after = open(kept);
  assert.equal(entryOf(after.store).work[0].values["明细"], "书架");
  assert.equal(after.sync.state(), "saving");
  await soon();
  const [, [save]] = after.emitted.find(([name]) => name === "outbox");
  assert.equal(save.customers[0].values["明细"], "书架");
  take(after, { acks: [{ save_id: save.save_id, result: "saved", version: 1 }] });
  assert.equal(kept.items.size, 0);
});

test("work over the form before goes off as such, and is not put over the chat in the new form", async () => {
  const kept = storage();
  const before = open(kept);
  editField(entryOf(before.store), 0, "明细", "书架", 0);
  before.sync.touch(entryOf(before.store));
  const after = world(makeStore, makeSync, kept);
  const form = { ...FORM, reference: "small@2", fields: FORM.fields.filter(({ key }) => key !== "明细") };
  after.sync.settle(receive(after.store, payload({ form }), after.sync.restore));
  await soon();
  const [save] = after.emitted.find(([name]) => name === "outbox")[1];
  assert.equal(save.form, "small@1");
  assert.equal(save.customers[0].values["明细"], "书架");
  assert.equal(entryOf(after.store).work[0].values["明细"] === "书架", false);
});

test("a decision that was not acknowledged comes back after a reload with the same id", () => {
  const kept = storage();
  const before = open(kept);
  const save = approve(before);
  before.sync.stop();
  const after = open(kept);
  assert.deepEqual(
    after.store.outbox.map((/** @type {any} */ one) => one.save_id),
    [save.save_id],
  );
  assert.equal(nextChat(after.store), 2);
});

test("two reviewers or datasets in one browser do not mix", () => {
  const kept = storage();
  approve(open(kept));
  const other = open(kept, { reviewer: "陈默", session: "t" });
  assert.deepEqual(other.store.outbox, []);
  const another = open(kept, { dataset: { id: 2, name: "别的" }, session: "u" });
  assert.deepEqual(another.store.outbox, []);
});

test("without an answer a save counts as unsaved and goes off again, marked as another try", async () => {
  const desk = open();
  approve(desk);
  desk.at.now += 7_000;
  assert.equal(desk.sync.state(), "unsaved");
  desk.sync.retry();
  await soon();
  const sent = desk.emitted.filter(([name]) => name === "outbox").at(-1)[1];
  assert.equal(sent[0].tries, 2);
});

test("a conflict brings the chat back with both sides, and settling saves on top", () => {
  const desk = open();
  editField(entryOf(desk.store), 0, "明细", "我的", 0);
  const save = approve(desk);
  const theirs = [customer({ 明细: "对方的", 电话: "138" })];
  take(desk, {
    open: 2,
    acks: [{ save_id: save.save_id, result: "conflict", version: 4, theirs, who: "陈默", why: "" }],
  });
  assert.deepEqual(troubled(desk.store), [1]);
  assert.equal(desk.sync.state(), "unsaved");
  assert.equal(nextChat(desk.store), 1);
  const entry = desk.store.entries.get(1);
  assert.deepEqual(
    conflictRows(entry, FORM).map((row) => [row.key, row.mine, row.theirs]),
    [
      ["电话", "", "138"],
      ["明细", "我的", "对方的"],
    ],
  );
  assert.deepEqual(
    conflictRows(entry, FORM).map((row) => row.untouched),
    [true, false],
  );
  settleConflict(entry, FORM, new Set(["0:电话"]));
  const again = desk.sync.save(entry, "已确认");
  assert.equal(again.base_version, 4);
  assert.deepEqual([again.customers[0].values["电话"], again.customers[0].values["明细"]], ["138", "我的"]);
});

test("a settled conflict is opened again by undo, saves over what it had stored, and is one again after a reload", () => {
  const desk = open();
  editField(entryOf(desk.store), 0, "明细", "我的", 0);
  const theirs = [customer({ 明细: "对方的", 电话: "138" })];
  const ack = { save_id: approve(desk).save_id, result: "conflict", version: 4, theirs, who: "陈默", why: "" };
  take(desk, { open: 2, acks: [ack] });
  const entry = desk.store.entries.get(1);
  desk.sync.save(entry, settleConflict(entry, FORM, new Set(["0:电话", "0:明细"])));
  const [stored] = desk.store.outbox;
  take(desk, { open: 2, acks: [{ save_id: stored.save_id, result: "saved", version: 5, why: "" }] });
  assert.equal(isJustSettled(entry), true);
  assert.equal(undo(entry), false, "no step back puts mine over theirs unasked");
  reopenConflict(entry);
  desk.sync.touch(entry);
  assert.deepEqual(
    conflictRows(entry, FORM).map((row) => [row.key, row.mine, row.theirs, row.untouched]),
    [
      ["电话", "", "138", true],
      ["明细", "我的", "对方的", false],
    ],
  );
  const [kept] = open(desk.kept).store.outbox;
  assert.deepEqual([kept.base_version, kept.after_save_id], [0, null], "the server finds the conflict again");
  const again = desk.sync.save(entry, settleConflict(entry, FORM, new Set(["0:电话"])));
  assert.deepEqual([again.base_version, again.after_save_id, again.status], [5, stored.save_id, "已确认"]);
  assert.deepEqual([again.customers[0].values["电话"], again.customers[0].values["明细"]], ["138", "我的"]);
});

/**
 * A chat of 甲 and 乙 that I edited and approved after they had saved it as `theirs`.
 * @param {any[]} theirs
 */
function conflicted(theirs, edit = (/** @type {any} */ _mine) => {}) {
  const two = [customer({ 姓名: "甲" }, { origin: 0 }), customer({ 姓名: "乙" }, { origin: 1 })];
  const desk = open(storage(), { chats: [chat(1, { customers: two }), chat(2), chat(3)] });
  edit(entryOf(desk.store));
  const save = approve(desk);
  take(desk, {
    open: 2,
    acks: [{ save_id: save.save_id, result: "conflict", version: 4, theirs, who: "陈默" }],
    chats: [
      chat(1, { version: 4, customers: theirs.map((/** @type {any} */ one) => ({ ...one, origin: one.source })) }),
      chat(2),
    ],
  });
  return desk.store.entries.get(1);
}

test("customers whom they put in another order are still the same customers", () => {
  const theirs = [
    customer({ 姓名: "乙女士", 电话: "139" }, { source: 1, baseline: { 姓名: "乙" } }),
    customer({ 姓名: "甲" }, { source: 0 }),
  ];
  const entry = conflicted(theirs, (mine) => editField(mine, 0, "明细", "我的", 0));
  assert.deepEqual(
    entry.work.map((/** @type {any} */ { baseline }) => baseline.姓名),
    ["甲", "乙"],
    "each with what its own model said",
  );
  assert.deepEqual(
    conflictRows(entry, FORM).map((row) => [row.id, row.mine, row.theirs, row.untouched]),
    [
      ["0:明细", "我的", "", false],
      ["1:姓名", "乙", "乙女士", true],
      ["1:电话", "", "139", true],
      ["order", "甲、乙", "乙女士、甲", true],
    ],
  );
  settleConflict(entry, FORM, new Set(["1:姓名", "1:电话", "order"]));
  assert.deepEqual(
    entry.work.map((/** @type {any} */ { values }) => [values.姓名, values.电话, values.明细]),
    [
      ["乙女士", "139", ""],
      ["甲", "", "我的"],
    ],
  );
});

test("what was kept goes on over a record whose customers stand in another order", () => {
  const kept = storage();
  const two = [customer({ 姓名: "甲" }, { origin: 0 }), customer({ 姓名: "乙" }, { origin: 1 })];
  const before = open(kept, { chats: [chat(1, { customers: two })] });
  editField(entryOf(before.store), 0, "明细", "我的", 0);
  approve(before);
  const after = open(kept, { chats: [chat(1, { version: 2, customers: [...two].reverse() })] });
  const { work } = entryOf(after.store);
  assert.deepEqual(
    work.map((/** @type {any} */ { values, baseline }) => [values.姓名, values.明细, baseline.姓名]),
    [
      ["甲", "我的", "甲"],
      ["乙", "", "乙"],
    ],
  );
});

test("my order stays unless theirs is chosen, and a customer only they have can be taken", () => {
  const theirs = [
    customer({ 姓名: "丙" }, { source: null }),
    customer({ 姓名: "乙" }, { source: 1 }),
    customer({ 姓名: "甲" }, { source: null }),
  ];
  const entry = conflicted(theirs);
  assert.deepEqual(
    conflictRows(entry, FORM).map((row) => [row.id, row.mine, row.theirs]),
    [
      ["2:", "没有", "有（丙）"],
      ["order", "甲、乙", "乙、甲"],
    ],
  );
  settleConflict(entry, FORM, new Set(["2:"]));
  assert.deepEqual(
    entry.work.map((/** @type {any} */ { values }) => values.姓名),
    ["甲", "乙", "丙"],
  );
});

test("their decision and note are part of a conflict and can be taken", () => {
  const desk = open();
  const save = approve(desk);
  const ack = {
    save_id: save.save_id,
    result: "conflict",
    version: 4,
    theirs: [customer()],
    who: "陈默",
    status: "待讨论",
    note: "问价格",
  };
  take(desk, { open: 2, acks: [ack] });
  const entry = desk.store.entries.get(1);
  assert.deepEqual(
    conflictRows(entry, FORM).map((row) => [row.id, row.mine, row.theirs, row.untouched]),
    [
      ["status", "已确认", "待讨论", false],
      ["note", "", "问价格", true],
    ],
  );
  assert.equal(settleConflict(entry, FORM, new Set(["status", "note"])), "待讨论");
  assert.equal(entry.note, "问价格");
});

test("my draft does not undo their decision unseen", () => {
  const desk = open();
  editField(entryOf(desk.store), 0, "明细", "我的", 0);
  const save = desk.sync.save(entryOf(desk.store), "草稿");
  const ack = {
    save_id: save.save_id,
    result: "conflict",
    version: 4,
    theirs: [customer({ 明细: "我的" })],
    who: "陈默",
    status: "已确认",
    note: "",
  };
  take(desk, { acks: [ack] });
  const [row] = conflictRows(entryOf(desk.store), FORM);
  assert.deepEqual([row.id, row.untouched], ["status", true]);
  assert.equal(settleConflict(entryOf(desk.store), FORM, new Set(["status"])), "已确认");
});

/**
 * Somebody saved 电话 and a note, and I typed 明细 without having seen it. Before they are asked the page is loaded again
 * so many times.
 * @param {{ reloads: number, review?: string, version?: number, old?: boolean }} options
 */
function conflictAfterReload({ reloads, review = "primary", version = 0, old = false }) {
  const kept = storage();
  const theirs = [customer({ 电话: "139" }, { source: 0 })];
  const now = {
    review,
    chats: [chat(1, { version: version + 1, customers: [customer({ 电话: "139" })], note: "问价格" })],
  };
  let desk = open(kept, { review, chats: [chat(1, { version })] });
  const answer = () => {
    desk.sync.flushDrafts();
    const [save] = desk.store.outbox;
    const ack = {
      save_id: save.save_id,
      result: "conflict",
      version: version + 1,
      theirs,
      who: "陈默",
      note: "问价格",
    };
    take(desk, { ...now, acks: [ack] });
  };
  editField(entryOf(desk.store), 0, "明细", "我的", 0);
  desk.sync.touch(entryOf(desk.store));
  answer();
  for (let i = 0; i < reloads; i += 1) {
    if (old) {
      for (const [key, text] of kept.items) {
        const { agreed, ...item } = JSON.parse(text);
        kept.items.set(key, JSON.stringify(item));
      }
    }
    desk = open(kept, now);
    answer();
  }
  return { desk, entry: entryOf(desk.store) };
}

const proposed = (/** @type {any} */ entry) =>
  conflictRows(entry, FORM).map((row) => [row.id, row.unknown ? "?" : row.untouched ? "theirs" : "mine"]);

test("what only they changed is proposed as theirs, also after reloads, in every kind of review", () => {
  for (const review of ["primary", "delta", "second"]) {
    for (const version of [0, 3]) {
      for (const reloads of [0, 1, 3]) {
        const { entry } = conflictAfterReload({ reloads, review, version });
        assert.deepEqual(
          proposed(entry),
          [
            ["0:电话", "theirs"],
            ["0:明细", "mine"],
            ["note", "theirs"],
          ],
          `${review}, version ${version}, ${reloads} reloads`,
        );
        settleConflict(entry, FORM, new Set(["0:电话", "note"]));
        assert.deepEqual([entry.work[0].values.电话, entry.work[0].values.明细, entry.note], ["139", "我的", "问价格"]);
      }
    }
  }
});

test("a journal of an older page does not say what was common: nothing is proposed", () => {
  const { entry } = conflictAfterReload({ reloads: 1, old: true });
  assert.deepEqual(proposed(entry), [
    ["0:电话", "?"],
    ["0:明细", "?"],
    ["note", "?"],
  ]);
});

test("a save answered after the reload is what was common for the edit behind it", () => {
  const kept = storage();
  const before = open(kept, { chats: [chat(1)] });
  editField(entryOf(before.store), 0, "电话", "138", 0);
  const first = before.sync.save(entryOf(before.store), "草稿");
  editField(entryOf(before.store), 0, "明细", "我的", 0);
  before.sync.touch(entryOf(before.store));
  const after = open(kept, { chats: [chat(1)] });
  const second = after.store.outbox.find((/** @type {any} */ save) => save.save_id !== first.save_id);
  const theirs = [customer({ 电话: "139" }, { source: 0 })];
  take(after, {
    chats: [chat(1, { version: 2, customers: theirs })],
    acks: [
      { save_id: first.save_id, result: "saved", version: 1 },
      { save_id: second.save_id, result: "conflict", version: 2, theirs, who: "陈默" },
    ],
  });
  assert.deepEqual(proposed(entryOf(after.store)), [
    ["0:电话", "theirs"],
    ["0:明细", "mine"],
  ]);
});

test("what was taken from them is common: when it changes once more, that is theirs too", () => {
  const { desk, entry } = conflictAfterReload({ reloads: 1 });
  settleConflict(entry, FORM, new Set(["0:电话", "note"]));
  const save = desk.sync.save(entry, "草稿");
  const theirs = [customer({ 电话: "137" }, { source: 0 })];
  take(desk, { chats: [], acks: [{ save_id: save.save_id, result: "conflict", version: 2, theirs, note: "问价格" }] });
  assert.deepEqual(proposed(entry), [
    ["0:电话", "theirs"],
    ["0:明细", "mine"],
  ]);
});

test("a customer whom only they added or took out follows them, one that I changed or added stays", () => {
  const added = conflicted([
    customer({ 姓名: "甲" }, { source: 0 }),
    customer({ 姓名: "乙" }, { source: 1 }),
    customer({ 姓名: "丙" }),
  ]);
  assert.deepEqual(proposed(added), [["2:", "theirs"]]);
  assert.deepEqual(proposed(conflicted([customer({ 姓名: "甲" }, { source: 0 })])), [["1:", "theirs"]]);
  const edited = conflicted([customer({ 姓名: "甲" }, { source: 0 })], (mine) => editField(mine, 1, "明细", "我的", 0));
  assert.deepEqual(proposed(edited), [["1:", "mine"]]);
});

test("what the journal knows of the common state is not sent", async () => {
  const desk = open();
  approve(desk);
  await soon();
  const [, [sent]] = desk.emitted.find(([name]) => name === "outbox") ?? [];
  assert.equal("agreed" in sent, false);
});

test("a conflict of a chat that is not loaded any more waits for it", () => {
  const kept = storage();
  const save = approve(open(kept));
  const desk = open(kept, {
    open: 2,
    chats: [chat(2)],
    acks: [{ save_id: save.save_id, result: "conflict", version: 2, theirs: [customer({ 明细: "x" })], who: "陈默" }],
  });
  assert.deepEqual(troubled(desk.store), [1]);
  take(desk, { open: 2, chats: [chat(1, { version: 2 }), chat(2)] });
  assert.equal(desk.store.entries.get(1).conflict.who, "陈默");
});

test("a rejected save stays editable and says why", () => {
  const desk = open();
  const save = approve(desk);
  take(desk, { open: 2, acks: [{ save_id: save.save_id, result: "rejected", version: 0, why: "太长" }] });
  assert.equal(desk.store.entries.get(1).rejected, "太长");
  assert.equal(desk.sync.state(), "unsaved");
});

test("the queue runs ahead of the server, waits where nothing is known, and ends where the server says so", () => {
  const desk = open();
  approve(desk);
  approve(desk);
  approve(desk);
  assert.equal(desk.store.waiting, "next");
  take(desk, { open: 3, order: { next: [4], prev: [2] }, chats: [chat(3), chat(4)] });
  assert.equal(desk.store.current, 4);
  take(desk, { open: 4, order: { next: [], prev: [3] }, chats: [chat(4)] });
  approve(desk);
  assert.equal(desk.store.waiting, "end");
  assert.ok(goPrevious(desk.store));
  assert.equal(desk.store.current, 4);
});

test("the address of an earlier chat that comes late moves nobody back", () => {
  const desk = open();
  goNext(desk.store);
  goNext(desk.store);
  take(desk, { open: 2 });
  assert.equal(desk.store.current, 3);
  take(desk, { open: 9, chats: [chat(9)] });
  assert.equal(desk.store.current, 9);
});

test("another run that is picked just before an approval leads nobody back", () => {
  const desk = open();
  approve(desk);
  assert.equal(desk.store.current, 2);
  take(desk, { session: "another run", open: 1, order: { next: [2, 3], prev: [] }, chats: [chat(1), chat(2)] });
  assert.equal(desk.store.current, 2);
  take(desk, { session: "a third one", open: 7, order: { next: [8], prev: [] }, chats: [chat(7)] });
  assert.equal(desk.store.current, 7, "an address that was given is followed");
});

test("a queue that lags behind quick approvals never brings back what was decided", () => {
  const desk = open();
  for (const index of [1, 2, 3]) {
    desk.store.current = index;
    if (!desk.store.entries.has(index)) take(desk, { open: 1, chats: [chat(index)] });
    const save = desk.sync.save(entryOf(desk.store), "已确认");
    take(desk, { open: 1, acks: [{ save_id: save.save_id, result: "saved", version: 1 }] });
  }
  Object.assign(desk.store, { current: null, waiting: "next", visited: [1, 2, 9], queue: [1, 2, 3, 4], queueAt: 1 });
  assert.equal(nextChat(desk.store), 4);
});

test("somebody who only reads keeps the chat, somebody who went away does not", () => {
  const desk = open();
  const beats = () => desk.emitted.filter(([name]) => name === "beat").length;
  desk.at.now += 59_000;
  desk.sync.beat(desk.at.now);
  assert.equal(beats(), 0);
  desk.at.now += 2_000;
  desk.sync.beat(desk.at.now);
  desk.sync.beat(desk.at.now); // once a minute
  assert.equal(beats(), 1);
  const last = desk.at.now;
  desk.at.now += 601_000;
  desk.sync.beat(last);
  assert.equal(beats(), 1);
});

test("while the database is away it is looked for every few seconds, also with nobody there", () => {
  const desk = open();
  const beats = () => desk.emitted.filter(([name]) => name === "beat").length;
  const last = desk.at.now;
  take(desk, { open: 1, chats: [], error: "数据库暂时不可用", offline: true });
  desk.at.now += 601_000;
  desk.sync.beat(last);
  desk.sync.beat(last);
  assert.equal(beats(), 1);
  desk.at.now += 5_000;
  desk.sync.beat(last);
  assert.equal(beats(), 2);
  take(desk, { open: 1, chats: [] });
  desk.at.now += 30_000;
  desk.sync.beat(desk.at.now);
  assert.equal(beats(), 2);
  assert.equal(desk.store.current, 1);
});

test("a settled save does not travel again, neither with a heartbeat nor with the next chat", async () => {
  const desk = open();
  /** @type {Record<string, any>} */
  const state = {}; // all that the component last said: it travels whole with each message
  const sent = () =>
    desk.emitted.splice(0).map(([name, value]) => {
      state[name] = value;
      return [name, (state.outbox ?? []).map((/** @type {any} */ save) => save.save_id)];
    });
  const save = approve(desk);
  await soon();
  assert.deepEqual(sent(), [
    ["outbox", [save.save_id]],
    ["at", [save.save_id]],
  ]); // no answer yet
  take(desk, { open: 2, acks: [{ save_id: save.save_id, result: "saved", version: 1 }] });
  desk.at.now += 61_000;
  desk.sync.beat(desk.at.now);
  assert.deepEqual(sent(), [["outbox", []]]); // a sign of life like any other
  desk.at.now += 61_000;
  desk.sync.beat(desk.at.now);
  assert.deepEqual(sent(), [["beat", []]]);
  const second = approve(desk);
  await soon();
  sent();
  take(desk, { open: 3, acks: [{ save_id: second.save_id, result: "saved", version: 1 }] });
  desk.sync.tell("want_residue", 3);
  assert.deepEqual(sent(), [
    ["outbox", []],
    ["want_residue", []],
  ]);
});

test("a conflict keeps what either side pinned, and what either confirmed where both say the same", () => {
  const desk = open();
  const entry = entryOf(desk.store);
  togglePin(entry, 0, "电话", 5, 0);
  const save = desk.sync.save(entry, "草稿");
  const theirs = [
    customer({ 明细: "x" }, { pinned: { 电话: [2], 明细: [3] }, confirmed: { 姓名: "逐项确认", 明细: "逐项确认" } }),
  ];
  take(desk, { acks: [{ save_id: save.save_id, result: "conflict", version: 4, theirs, who: "陈默" }] });
  settleConflict(entry, FORM, new Set());
  assert.deepEqual(entry.work[0].pinned, { 电话: [2, 5], 明细: [3] });
  assert.deepEqual([entry.work[0].confirmed["姓名"], entry.work[0].confirmed["明细"]], ["逐项确认", undefined]);
});

test("what both sides of a conflict make is confirmed as a whole, and undo opens the conflict again", () => {
  const desk = open();
  const entry = entryOf(desk.store);
  const save = desk.sync.save(entry, "已确认");
  const theirs = [customer({ 明细: "x" })];
  take(desk, { acks: [{ save_id: save.save_id, result: "conflict", version: 4, theirs, who: "陈默" }] });
  assert.equal(settleConflict(entry, FORM, new Set(["0:明细"])), "已确认");
  confirmSettled(entry, FORM, 0);
  assert.equal(entry.work[0].confirmed["姓名"], "批量确认");
  assert.equal(isJustSettled(entry), true);
});

test("undoing a flag brings the status and the note before it back", () => {
  const desk = open(storage(), { chats: [chat(1, { version: 3, status: "已确认", note: "旧" })] });
  const entry = entryOf(desk.store);
  noteDecision(entry, entry.work, entry.status);
  desk.sync.save(entry, "待讨论", "新的问题");
  assert.deepEqual([undoDecision(entry), entry.note], ["已确认", "旧"]);
});

test("a skip of an untouched chat is taken back to 未审阅, and the chat may come again", () => {
  const desk = open();
  const entry = entryOf(desk.store);
  noteDecision(entry, entry.work, entry.status);
  desk.sync.save(entry, "已跳过");
  assert.ok(desk.store.decided.has(1));
  const save = desk.sync.save(entry, undoDecision(entry), entry.note, "撤销「已跳过」", true);
  assert.deepEqual(
    [save.status, save.undo, entry.status, desk.store.decided.has(1)],
    ["未审阅", true, "未审阅", false],
  );
});

test("a chat whose edits were all undone is what it was before, not a draft", async () => {
  for (const status of ["未审阅", "已确认", "待讨论"]) {
    const desk = open(storage(), { chats: [chat(1, { version: status === "未审阅" ? 0 : 3, status, note: "旧" })] });
    const entry = entryOf(desk.store);
    editField(entry, 0, "电话", "1", 0);
    editField(entry, 0, "电话", "12", 9000);
    desk.sync.touch(entry);
    desk.sync.flushDrafts();
    const [draft] = desk.store.outbox;
    assert.equal(draft.status, "草稿");
    const customers = [customer({ 电话: "12" }, { confirmed: { 电话: "逐项确认" } })];
    const stored = chat(1, { version: 4, status: "草稿", note: "旧", customers });
    take(desk, { acks: [{ save_id: draft.save_id, result: "saved", version: 4 }], chats: [stored] });
    assert.equal(entry.status, "草稿");
    undo(entry);
    desk.sync.touch(entry);
    desk.sync.flushDrafts();
    assert.equal(desk.store.outbox.at(-1)?.status, "草稿", "one of two edits is still there");
    take(desk, { acks: [{ save_id: desk.store.outbox[0].save_id, result: "saved", version: 5 }], chats: [] });
    undo(entry);
    desk.sync.touch(entry);
    desk.sync.flushDrafts();
    const [back] = desk.store.outbox;
    assert.deepEqual([back.status, back.undo, back.note, entry.status], [status, true, "旧", status]);
    assert.equal(back.customers[0].confirmed["电话"], "未看");
    take(desk, { acks: [{ save_id: back.save_id, result: "saved", version: 6 }], chats: [] });
    redo(entry, 1);
    desk.sync.flushDrafts();
    assert.equal(desk.store.outbox[0].status, "草稿", "made again, it is edited again");
  }
});

test("an edit that was undone before it was sent leaves nothing to send, also after a reload", () => {
  const desk = open();
  const entry = entryOf(desk.store);
  editField(entry, 0, "电话", "1", 0);
  desk.sync.touch(entry);
  undo(entry);
  desk.sync.touch(entry);
  assert.equal(desk.kept.items.size, 0);
  desk.sync.flushDrafts();
  assert.deepEqual(open(desk.kept).store.outbox, []);
});

test("a decision on edits over an approved chat is taken back to a draft, and those edits to the approval", () => {
  const desk = open(storage(), { chats: [chat(1, { version: 3, status: "已确认" })] });
  const entry = entryOf(desk.store);
  editField(entry, 0, "电话", "1", 0);
  noteDecision(entry, entry.work, entry.status);
  desk.sync.save(entry, "已确认");
  const status = undoDecision(entry) ?? "";
  assert.equal(desk.sync.save(entry, status, "", "撤销", true).status, "草稿");
  desk.store.outbox = [];
  undo(entry);
  desk.sync.flushDrafts();
  assert.deepEqual([desk.store.outbox[0].status, desk.store.outbox[0].undo], ["已确认", true]);
});

test("a save names the run that its customers count in, also after the run on the page has changed", async () => {
  const first = chat(1, {
    base_run_id: 7,
    customers: [customer({ 姓名: "甲" }), customer({ 姓名: "乙" }, { origin: 1 })],
  });
  const desk = open(undefined, { chats: [first] });
  editField(entryOf(desk.store), 0, "明细", "书架", 0);
  const turned = [customer({ 姓名: "乙", 电话: "2" }), customer({ 姓名: "甲", 电话: "1" }, { origin: 1 })];
  take(desk, { session: "另一个任务", chats: [chat(1, { base_run_id: 8, customers: turned })] });
  const { work } = entryOf(desk.store);
  assert.deepEqual(
    work.map((/** @type {any} */ { values, baseline, origin }) => [values.姓名, baseline.电话, origin]),
    [
      ["甲", "1", 0],
      ["乙", "2", 1],
    ],
  );
  const save = approve(desk);
  assert.equal(save.base_run_id, 7);
});

test("a save that is set aside stays in the journal until its chat is there, and over a reload", () => {
  const desk = open();
  const save = approve(desk);
  desk.store.entries.delete(1);
  take(desk, {
    open: 2,
    chats: [],
    acks: [{ save_id: save.save_id, result: "set_aside", version: 0, why: "出了意外" }],
  });
  assert.deepEqual([...desk.kept.items.keys()].filter((key) => key.includes(save.save_id)).length, 1);
  const again = open(desk.kept);
  assert.deepEqual(
    again.store.outbox.map((/** @type {any} */ one) => one.save_id),
    [save.save_id],
  );
});

test("an answer to another person's save leaves it in their journal", () => {
  const desk = open();
  const save = approve(desk);
  const theirs = { ...save, reviewer: "别人" };
  desk.store.outbox[0] = theirs;
  take(desk, { open: 2, acks: [{ save_id: save.save_id, result: "set_aside", version: 0, why: "不是你的" }] });
  assert.equal(desk.store.outbox.length, 0);
  assert.equal([...desk.kept.items.keys()].filter((key) => key.includes(save.save_id)).length, 1);
});
