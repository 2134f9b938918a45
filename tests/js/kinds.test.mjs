// @ts-check
// Ordinary, delta and blind review in one browser: what one of them left unsent is never another's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { editField } from "../../core/ui/workbench/js/model.js";
import { makeStore, receive } from "../../core/ui/workbench/js/state.js";
import { makeSync } from "../../core/ui/workbench/js/sync.js";
import { entryOf, payload, soon, storage, world } from "./fixtures.mjs";

const KINDS = ["primary", "delta:7", "delta:8", "blind"];

/**
 * A workbench in a browser.
 * @param {ReturnType<typeof storage>} kept
 * @param {string} review
 */
function open(kept, review) {
  const desk = world(makeStore, makeSync, kept);
  take(desk, review);
  return desk;
}

/**
 * @param {any} desk
 * @param {string} review
 */
function take(desk, review, extra = {}) {
  desk.sync.settle(receive(desk.store, payload({ review, session: review, ...extra }), desk.sync.restore));
}

/**
 * @param {any} desk
 * @param {string} text
 */
function type(desk, text) {
  editField(entryOf(desk.store), 0, "明细", text, 0);
  desk.sync.touch(entryOf(desk.store));
}

test("unsent work waits for its own kind of review, over reloads", async () => {
  for (const mine of KINDS) {
    const kept = storage();
    const before = open(kept, mine);
    type(before, "我的");
    before.sync.stop(); // the page is gone before the draft went off
    for (const other of KINDS.filter((kind) => kind !== mine)) {
      const desk = open(kept, other);
      assert.deepEqual(
        [desk.store.outbox, entryOf(desk.store).work[0].values["明细"]],
        [[], ""],
        `${mine} in ${other}`,
      );
      assert.equal(desk.sync.state(), "saved");
    }
    const again = open(kept, mine);
    await soon();
    const [, [save]] = again.emitted.find(([name]) => name === "outbox");
    assert.deepEqual([save.review, save.customers[0].values["明细"]], [mine, "我的"]);
  }
});

test("going from one kind to another on one page leaves unanswered saves behind, and brings them back", async () => {
  for (const [mine, other] of KINDS.map((kind, i) => [kind, KINDS[(i + 1) % KINDS.length]])) {
    const kept = storage();
    const desk = open(kept, mine);
    type(desk, "我的");
    const decision = desk.sync.save(entryOf(desk.store), "已确认");
    type(desk, "再改");
    desk.sync.flushDrafts(); // as workbench.js does before it takes another session
    take(desk, other);
    assert.deepEqual(desk.store.outbox, []);
    assert.equal(entryOf(desk.store).work[0].values["明细"], "");
    await soon();
    assert.deepEqual(desk.emitted.filter(([name]) => name === "outbox").at(-1)[1], []);
    take(desk, mine);
    assert.equal(desk.store.outbox[0].save_id, decision.save_id);
    assert.deepEqual([...new Set(desk.store.outbox.map((/** @type {any} */ save) => save.review))], [mine]);
    assert.equal(entryOf(desk.store).work[0].values["明细"], "再改");
  }
});

test("what a page left that told no kinds apart is ordinary work", async () => {
  const kept = storage();
  const before = open(kept, "primary");
  before.sync.save(entryOf(before.store), "已确认");
  before.sync.stop();
  for (const [key, text] of kept.items) {
    const { review: _, ...save } = JSON.parse(text);
    kept.items.set(key, JSON.stringify(save));
    assert.match(key, /^shiyao:1:林晓:save:/);
  }
  assert.deepEqual(open(kept, "blind").store.outbox, []);
  assert.deepEqual(
    open(kept, "primary").store.outbox.map((/** @type {any} */ save) => [save.review, save.status]),
    [["primary", "已确认"]],
  );
});

test("a person whose name looks like a kind shares no journal", () => {
  const kept = storage();
  const before = open(kept, "blind");
  type(before, "盲");
  const named = world(makeStore, makeSync, kept);
  take(named, "primary", { reviewer: "林晓:blind" });
  assert.deepEqual(named.store.outbox, []);
});

test("an answer to a save of another kind of review leaves it in its own journal", () => {
  const desk = open(storage(), "blind");
  const save = desk.sync.save(entryOf(desk.store), "已确认");
  desk.store.outbox[0] = { ...save, review: "primary" };
  take(desk, "blind", { open: 2, acks: [{ save_id: save.save_id, result: "set_aside", version: 0, why: "别的审阅" }] });
  assert.equal([...desk.kept.items.keys()].filter((key) => key.includes(save.save_id)).length, 1);
});

test("the note of a decision that was not acknowledged comes back, and is mine in a conflict", () => {
  const kept = storage();
  const save = open(kept, "primary").sync;
  const before = open(kept, "primary");
  before.sync.save(entryOf(before.store), "待讨论", "我的问题");
  save.stop();
  const after = open(kept, "primary");
  const entry = entryOf(after.store);
  assert.equal(entry.note, "我的问题");
  const [{ save_id }] = after.store.outbox;
  const theirs = { result: "conflict", version: 2, theirs: [], who: "陈默", status: "待讨论", note: "别人的" };
  take(after, "primary", { acks: [{ save_id, ...theirs }] });
  assert.deepEqual([entry.note, entry.conflict.noted], ["我的问题", "别人的"]);
});
