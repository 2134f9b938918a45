// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { endWords, waysOn, workNumbers } from "../../core/ui/workbench/js/end_card.js";
import { goNext, makeStore, receive } from "../../core/ui/workbench/js/state.js";
import { makeWorkClock, spend } from "../../core/ui/workbench/js/time_spent.js";

/** @type {any} */
const NONE = { chats: 0, seconds: null, changes: null, points: null, slowest: "", slowest_seconds: 0 };
const END = { sitting: NONE, today: NONE, held: [], next_dataset: null };
const PROGRESS = { total: 3, confirmed: 3, discussed: 0, skipped: 0, left: 0 };

/** A store at the end of its queue. */
function atEnd(changes = {}) {
  const dataset = { id: 7, name: "群聊" };
  return Object.assign(makeStore(), { waiting: "end", end: END, progress: PROGRESS, dataset }, changes);
}

/** What the server says where no chat is on screen. */
function payload(/** @type {Record<string, unknown>} */ more) {
  return /** @type {any} */ ({
    ...{ session: "s", reviewer: "林晓", review: "primary", form: makeStore().form, dataset: { id: 7, name: "群聊" } },
    ...{
      progress: PROGRESS,
      open: null,
      order: { next: [], prev: [] },
      chats: [],
      acks: [],
      error: "",
      offline: false,
    },
    ...more,
  });
}

test("the card says why there is nothing: done, filtered away, held by others, or none at all", () => {
  assert.match(endWords(atEnd()).title, /都处理完了/);
  for (const more of [{ left: 2 }, { partly: true }])
    assert.match(endWords(atEnd({ progress: { ...PROGRESS, ...more } })).title, /没有符合条件/);
  assert.match(endWords(atEnd({ progress: { ...PROGRESS, left: 2 }, visited: [1] })).title, /这一队列审阅完了/);
  assert.match(endWords(atEnd({ progress: { ...PROGRESS, total: 0 } })).title, /还没有群聊/);
  const held = endWords(atEnd({ end: { ...END, held: [{ who: "周岚", chats: 2 }] } }));
  assert.match(held.title, /剩下的 2 条别人正在审/);
  assert.match(held.text, /周岚 2 条/);
});

test("what is not known is no zero", () => {
  const values = (/** @type {typeof NONE} */ sum) =>
    workNumbers(sum, (key) => key.toUpperCase()).map(({ value }) => value);
  assert.deepEqual(values({ ...NONE, chats: 2 }), ["2 条", "—", "—", "—", "—"]);
  const told = { chats: 2, seconds: 75, changes: 0, points: 1.25, slowest: "stage", slowest_seconds: 30 };
  assert.deepEqual(values(told), ["2 条", "75 秒", "0 格", "1.3 分", "STAGE 30 秒"]);
});

test("each way on has its place, and one that leads nowhere is not there", () => {
  const texts = (changes = {}) => waysOn(atEnd(changes)).map(({ text }) => text);
  assert.deepEqual(texts(), ["导出", "评分", "记录表", "回看全部群聊"]);
  const next_dataset = { id: 8, name: "别的", left: 4 };
  assert.deepEqual(texts({ end: { ...END, next_dataset }, progress: { ...PROGRESS, discussed: 1, left: 2 } }), [
    "其余 2 条待审阅",
    "待讨论 1 条",
    "导出",
    "下一个数据集：别的，还有 4 条",
    "评分",
    "记录表",
    "回看全部群聊",
  ]);
});

test("a desk that has nothing to open is at its end, and stays there until something comes", () => {
  const store = makeStore();
  receive(store, payload({ end: END }));
  assert.equal(store.waiting, "end");
  goNext(store);
  assert.equal(store.waiting, "end");
  receive(store, payload({ end: END, order: { next: [4], prev: [] } }));
  assert.equal(store.current, null, "nobody is taken from the card");
  assert.match(endWords(store).title, /又有群聊可以审了/);
  goNext(store);
  assert.equal(store.current, 4);
});

test("who waited for a chat that does not come is at the end", () => {
  const store = Object.assign(makeStore(), { session: "s", waiting: "next", visited: [3], opened: 3 });
  Object.assign(store, { reviewer: "林晓", dataset: { id: 7, name: "群聊" } });
  receive(store, payload({ open: 3, order: { next: [], prev: [] }, offline: true }));
  assert.equal(store.waiting, "next", "the server was away");
  receive(store, payload({ open: 3, order: { next: [], prev: [] } }));
  assert.equal(store.waiting, "end");
});

test("the time until the first sign of work on a chat is spent on reading it, at no field", () => {
  const at = { now: 0 };
  const count = makeWorkClock(() => at.now);
  const fresh = (/** @type {number} */ chat) => /** @type {any} */ ({ chat: { chat }, seconds: 0, fieldSeconds: {} });
  const [first, second] = [fresh(1), fresh(2)];
  /** @type {(entry: any, key: string, seconds: number) => void} */
  const work = (entry, key, seconds) => {
    at.now += 1000 * seconds;
    count(entry, key);
  };
  work(first, "姓名", 30);
  work(first, "姓名", 5);
  work(first, "", 4);
  work(second, "姓名", 90);
  work(second, "电话", 2);
  assert.deepEqual([first.seconds, first.fieldSeconds], [39, { 姓名: 5 }]);
  assert.deepEqual(
    [second.seconds, second.fieldSeconds],
    [62, { 电话: 2 }],
    "a pause of more than a minute is no work",
  );
});

test("time belongs to the chat and to the field that had the attention", () => {
  const entry = /** @type {any} */ ({ seconds: 1, fieldSeconds: {} });
  spend(entry, "a", 2);
  spend(entry, "", 3);
  spend(entry, "a", 0.5);
  assert.deepEqual(entry, { seconds: 6.5, fieldSeconds: { a: 2.5 } });
});
