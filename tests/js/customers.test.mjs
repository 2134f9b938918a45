// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  bindCustomer,
  bindingChoices,
  freeSpeakers,
  mergeCustomers,
  moveCustomer,
  speakersOf,
  splitCustomer,
  swapField,
} from "../../core/ui/workbench/js/customers.js";
import {
  acceptDelta,
  confirmField,
  confirmRest,
  isDelta,
  makeEntry,
  nextUnseen,
  noteDecision,
  redoDecision,
  undo,
  undoDecision,
} from "../../core/ui/workbench/js/model.js";
import { plainCustomers } from "../../core/ui/workbench/js/outbox.js";
import { chat, customer, FORM } from "./fixtures.mjs";

const two = () =>
  makeEntry(
    chat(1, {
      speakers: [
        { name: "甲1", role: "客户" },
        { name: "乙", role: "客户" },
        { name: "店长", role: "客服" },
      ],
      customers: [
        customer({ 姓名: "甲", 类型: ["询价"], 明细: "书架" }),
        customer({ 姓名: "乙", 电话: "139", 类型: ["答疑"], 明细: "书桌" }, { origin: 1, pinned: { 电话: [2] } }),
      ],
    }),
  );

test("merging fills what is empty, joins lists, keeps the rest and says what gave way", () => {
  const entry = two();
  assert.deepEqual(mergeCustomers(entry, FORM, 0, 1, 0), { index: 0, lost: ["明细"] });
  const [one] = entry.work;
  assert.deepEqual(one.values, { 姓名: "甲", 电话: "139", 类型: ["询价", "答疑"], 明细: "书架" });
  assert.deepEqual([one.confirmed["电话"], one.pinned["电话"]], ["未看", [2]]);
  undo(entry);
  assert.equal(entry.work.length, 2);
  assert.deepEqual(mergeCustomers(entry, FORM, 1, 0, 0).index, 0, "the place after the other one has left");
});

test("splitting copies, for somebody to look at", () => {
  const entry = two();
  confirmField(entry, 0, "明细", 0);
  assert.equal(splitCustomer(entry, FORM, 0, "丙", 0), 1);
  assert.deepEqual(
    entry.work.map((one) => one.values["姓名"]),
    ["甲", "丙", "乙"],
  );
  assert.deepEqual(entry.work[1].confirmed, {});
  assert.notEqual(entry.work[1].uid, entry.work[0].uid);
});

test("swapping exchanges one field with its pins and confirms both", () => {
  const entry = two();
  swapField(entry, 0, 1, "电话", 0);
  assert.deepEqual(
    entry.work.map((one) => one.values["电话"]),
    ["139", ""],
  );
  assert.deepEqual(
    entry.work.map((one) => one.confirmed["电话"]),
    ["逐项确认", "逐项确认"],
  );
  assert.deepEqual(
    entry.work.map((one) => one.pinned["电话"]),
    [[2], []],
  );
});

test("moving changes the order and keeps where each came from", () => {
  const entry = two();
  assert.equal(moveCustomer(entry, 0, 1, 0), 1);
  assert.deepEqual(
    plainCustomers(entry, FORM).map((one) => one.origin),
    [1, 0],
  );
  assert.equal(moveCustomer(entry, 1, 1, 0), 1);
});

test("a customer is bound to a speaker, whom a part of the name is enough to find", () => {
  const entry = two();
  assert.deepEqual(speakersOf(entry.chat, "甲1"), [0]);
  assert.deepEqual(speakersOf(entry.chat, "店长先生"), [2]);
  assert.deepEqual([speakersOf(entry.chat, "谁"), speakersOf(entry.chat, "")], [[], []]);
  assert.deepEqual(
    freeSpeakers(entry, FORM).map((one) => one.name),
    ["甲1", "店长"],
  );
  bindCustomer(entry, FORM, 0, "甲1", 0);
  assert.deepEqual([entry.work[0].values["姓名"], entry.work[0].confirmed["姓名"]], ["甲1", "逐项确认"]);
});

test("under delta review only what differs is asked, and each answer settles one", () => {
  const confirmed = Object.fromEntries(FORM.fields.map(({ key }) => [key, "逐项确认"]));
  const entry = makeEntry(
    chat(1, {
      version: 3,
      customers: [customer({ 电话: "138" }, { confirmed, delta: { 电话: "139", 类型: ["答疑"] } })],
    }),
  );
  assert.ok(isDelta(entry));
  assert.deepEqual(nextUnseen(entry, FORM, 0, "姓名"), { index: 0, key: "电话" });
  assert.ok(acceptDelta(entry, 0, "电话", 0));
  assert.ok(!acceptDelta(entry, 0, "电话", 0));
  assert.equal(entry.work[0].values["电话"], "139");
  assert.ok(confirmField(entry, 0, "类型", 0), "keeping the approved value is an answer too");
  assert.deepEqual(entry.work[0].values["类型"], []);
  assert.equal(nextUnseen(entry, FORM, 0, "姓名"), null);
  undo(entry);
  assert.deepEqual(entry.work[0].delta, { 类型: ["答疑"] });
});

test("a decision is taken back with the confirmations that it made", () => {
  const entry = makeEntry(chat(1));
  const before = entry.work;
  confirmRest(entry, FORM, 0);
  noteDecision(entry, before, entry.status);
  assert.equal(undoDecision(entry), "未审阅");
  assert.equal(entry.work, before);
  assert.deepEqual(entry.undo, []);
  assert.equal(undoDecision(entry), null);
});

test("a decision on a chat that was edited before leads back to a draft", () => {
  const entry = makeEntry(chat(1));
  confirmField(entry, 0, "姓名", 0);
  noteDecision(entry, entry.work, entry.status);
  assert.equal(undoDecision(entry), "草稿");
});

test("a decision that was taken back is made again with its confirmations, until something is edited", () => {
  const entry = makeEntry(chat(1));
  const before = entry.work;
  confirmRest(entry, FORM, 0);
  noteDecision(entry, before, entry.status);
  Object.assign(entry, { status: "已确认", note: "问过了" });
  undoDecision(entry);
  assert.deepEqual(redoDecision(entry), { status: "已确认", note: "问过了" });
  assert.equal(entry.work[0].confirmed["姓名"], "批量确认");
  assert.equal(redoDecision(entry), null, "once");
  undoDecision(entry);
  confirmField(entry, 0, "姓名", 0);
  assert.equal(redoDecision(entry), null);
});

test("binding offers the present name first, then speakers with their sides, staff last", () => {
  const entry = two();
  assert.deepEqual(
    bindingChoices(entry, FORM, 1).map(({ name, side, isPresent }) => [name, side, isPresent]),
    [
      ["乙", "客户", true],
      ["甲1", "客户", false],
      ["店长", "客服", false],
    ],
  );
});

test("an edit after a decision is undone first", () => {
  const entry = makeEntry(chat(1));
  const before = entry.work;
  confirmRest(entry, FORM, 0);
  noteDecision(entry, before, "已确认");
  confirmField(entry, 0, "姓名", 0);
  assert.equal(undoDecision(entry), null);
});
