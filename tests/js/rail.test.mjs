// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { makeEntry } from "../../core/ui/workbench/js/model.js";
import { nearestTick, railMarks, ticksOf, tickText } from "../../core/ui/workbench/js/rail_ticks.js";
import { chat, customer, FORM } from "./fixtures.mjs";

/** @type {(i: number, parts: [string, string[]][]) => any} */
const message = (i, parts) => ({ i, speaker: "甲", quote: null, parts: parts.map(([t, e]) => ({ t, e })) });

/** A number that was said in two places and is doubted, a choice without a place, a value that no form holds. */
function marked() {
  const marks = {
    电话: { status: "归一化", evidence: ["0:1:0", "0:1:1"], messages: [0, 2] },
    类型: { status: "推断", evidence: [], messages: [1] },
  };
  const others = { 电话: [{ value: "139", who: ["另一次"] }] };
  const messages = [
    message(0, [["138", ["0:1:0"]]]),
    message(1, [["想问下价格", []]]),
    message(2, [
      ["x".repeat(90), []],
      ["138", ["0:1:1"]],
      ["y".repeat(7), []],
    ]),
    message(3, [["a@b.cn", ["m:0"]]]),
  ];
  const missed = [{ id: "m:0", key: "明细", value: "a@b.cn", message: 3, customer: 0 }];
  const values = { 电话: "138", 类型: ["询价"] };
  return makeEntry(
    chat(1, { customers: [customer(values, { marks, others, pinned: { 明细: [1] } })], messages, missed }),
  );
}

const PLACES = new Map([
  ["0:1:0", [0]],
  ["0:1:1", [2]],
  ["m:0", [3]],
]);

test("evidence, doubts, pins, missed values and hits are marked where they stand", () => {
  const hits = [{ message: 2, start: 50, end: 52 }];
  const marks = railMarks(marked(), FORM, 0, PLACES, hits);
  assert.deepEqual(
    marks.map(({ kind, label, message: number, share, group }) => [kind, label, number, share, group]),
    [
      ["doubt", "电话", 0, 0, 1],
      ["doubt", "电话", 2, 0.9, 1],
      ["evidence", "类型", 1, 0, 2],
      ["evidence", "明细（钉）", 1, 0, 2],
      ["missed", "a@b.cn", 3, 0, 0],
      ["hit", "", 2, 0.5, 0],
    ],
  );
});

test("marks that would lie on one another are one tick, and hidden messages have none", () => {
  const marks = railMarks(marked(), FORM, 0, PLACES, []);
  const ticks = ticksOf(marks, (mark) => (mark.message === 3 ? null : mark.message * 100 + mark.share * 10));
  assert.deepEqual(
    ticks.map(({ kind, top, more, labels }) => [kind, top, more, labels]),
    [
      ["doubt", 0, 0, ["电话"]],
      ["evidence", 100, 1, ["类型", "明细（钉）"]],
      ["doubt", 209, 0, ["电话"]],
    ],
  );
  assert.equal(nearestTick(ticks, 104, 7)?.kind, "evidence");
  assert.equal(nearestTick(ticks, 120, 7), null);
  assert.equal(tickText(ticks[1], marked().chat.messages), "依据：类型、明细（钉） · 甲 · 第 2 条消息，共 2 处");
});

test("sixty thousand hits are as many ticks as there is room for", () => {
  const many = Array.from({ length: 60_000 }, (_, i) => ({ message: i, start: 0, end: 1 }));
  const messages = many.map((_, i) => message(i, [["价格", []]]));
  const entry = makeEntry(chat(1, { customers: [customer()], messages }));
  const ticks = ticksOf(railMarks(entry, FORM, 0, new Map(), many), (mark) => mark.message / 100);
  assert.equal(ticks.length, 151);
  assert.equal(
    ticks.reduce((sum, tick) => sum + tick.more + 1, 0),
    60_000,
  );
});
