// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  dismiss,
  givesWay,
  isOwnerUnclear,
  openMissed,
  ownerOf,
  placeText,
  takeMissed,
  takeUpAgain,
  targetsOf,
} from "../../core/ui/workbench/js/missed.js";
import { editField, makeEntry, undo } from "../../core/ui/workbench/js/model.js";
import { chat, customer, FORM } from "./fixtures.mjs";

const SPEAKERS = [
  { name: "甲", role: "客户" },
  { name: "周娜4", role: "客户" },
  { name: "路人", role: "未知" },
  { name: "店长", role: "客服" },
];

/**
 * A chat of two customers in which somebody said a number that stands in no form.
 * @param {number} speaker
 * @param {Record<string, unknown>} [extra]
 */
function said(speaker, { names = ["甲", "周娜4"], ...extra } = {}) {
  const { name, role } = SPEAKERS[speaker];
  const missed = [{ id: "m:0", key: "电话", value: "13900001234", message: 57, customer: null, ...extra }];
  const messages = [{ i: 57, speaker: name, role, kind: "text", same: false, near: [speaker, 1], parts: [] }];
  const customers = /** @type {string[]} */ (names).map((one, origin) => customer({ 姓名: one }, { origin }));
  return makeEntry(chat(1, { missed, messages, speakers: SPEAKERS, customers }));
}

/** @param {import("../../core/ui/workbench/js/types.js").Entry} entry */
const first = (entry) => openMissed(entry)[0];

test("what was missed belongs into the form of who said it, whatever customer is on screen", () => {
  const entry = said(1);
  assert.equal(ownerOf(entry, FORM, first(entry), 0), 1);
  assert.equal(placeText(entry, FORM, first(entry)), "周娜4 · 第 58 条消息");
  assert.equal(ownerOf(said(0, { customer: 1 }), FORM, first(said(0, { customer: 1 })), 0), 1, "as the server says");
});

test("who has no form yet gets one, whichever side they seem to be on", () => {
  const entry = said(2);
  assert.deepEqual(targetsOf(entry, FORM, first(entry), 1), [null, 0, 1]);
  assert.equal(placeText(entry, FORM, first(entry)), "路人（未知） · 第 58 条消息");
  assert.equal(takeMissed(entry, FORM, first(entry), null, 0), 2);
  assert.deepEqual([entry.work[2].values["姓名"], entry.work[2].values["电话"]], ["路人", "13900001234"]);
  undo(entry);
  assert.equal(entry.work.length, 2, "the form and its value are one step");
});

test("what the staff says is about whom they say it to, and makes nobody of the staff a customer", () => {
  const entry = said(3);
  assert.deepEqual(targetsOf(entry, FORM, first(entry), 0), [1, 0, null]);
  assert.equal(takeMissed(entry, FORM, first(entry), null, 0), 2);
  assert.equal(entry.work[2].values["姓名"], "");
});

test("a name that several speakers may have is nobody's form", () => {
  const speakers = [
    { name: "客户1", role: /** @type {const} */ ("客户"), reasons: [] },
    { name: "客户12", role: /** @type {const} */ ("客户"), reasons: [] },
  ];
  const messages = [{ i: 57, speaker: "客户12", role: "客户", kind: "text", same: false, near: [], parts: [] }];
  const entry = { ...said(0, { names: ["客户"] }) };
  entry.chat = { ...entry.chat, speakers, messages: /** @type {any} */ (messages) };
  assert.deepEqual(targetsOf(entry, FORM, first(entry), 0), [null, 0]);
});

test("nobody is proposed where the chat does not say whose it is and several come into question", () => {
  const silent = (/** @type {string[]} */ names) => {
    const entry = said(0, { names });
    entry.chat = { ...entry.chat, messages: [{ ...entry.chat.messages[0], speaker: "" }] };
    return isOwnerUnclear(entry, FORM, first(entry));
  };
  assert.deepEqual([silent(["甲", "周娜4"]), silent(["甲"])], [true, false]);
  const told = said(3);
  assert.equal(isOwnerUnclear(told, FORM, first(told)), false);
  told.chat = { ...told.chat, messages: [{ ...told.chat.messages[0], near: [0, 1] }] };
  assert.equal(isOwnerUnclear(told, FORM, first(told)), true);
});

test("it is not mentioned once a form holds it, in whatever shape", () => {
  const entry = said(1);
  const one = first(entry);
  assert.equal(takeMissed(entry, FORM, one, 1, 0), 1);
  assert.equal(entry.work[1].values["电话"], "13900001234");
  assert.deepEqual(openMissed(entry), []);
  editField(entry, 1, "电话", "139 0000 1234", 0);
  assert.deepEqual(openMissed(entry), []);
  editField(entry, 1, "电话", "", 0);
  assert.equal(openMissed(entry).length, 1);
  dismiss(entry, one);
  assert.deepEqual(openMissed(entry), []);
  takeUpAgain(entry, one);
  assert.equal(openMissed(entry).length, 1);
});

test("a field of one value is never appended to, and what gives way is said; a list gets one item more", () => {
  const entry = said(1);
  editField(entry, 1, "电话", "138", 0);
  assert.equal(givesWay(entry, FORM, first(entry), 1), "138");
  assert.equal(givesWay(entry, FORM, first(entry), null), "");
  takeMissed(entry, FORM, first(entry), 1, 0);
  assert.equal(entry.work[1].values["电话"], "13900001234");
  const kind = { id: "m:1", key: "类型", value: "答疑", message: 57, customer: null };
  editField(entry, 1, "类型", ["询价"], 0);
  assert.equal(givesWay(entry, FORM, kind, 1), "");
  takeMissed(entry, FORM, kind, 1, 0);
  assert.deepEqual(entry.work[1].values["类型"], ["询价", "答疑"]);
});

test("what was said is held by a value only as a whole", () => {
  /** @type {(value: string, detail: string) => boolean} */
  const isHeld = (value, detail) => {
    const entry = makeEntry(chat(1, { missed: [{ id: "m:0", key: "电话", value, message: 0, customer: null }] }));
    editField(entry, 0, "明细", detail, 0);
    return openMissed(entry).length === 0;
  };
  const held = [
    ["n@x.com", "邮箱N@X.com。"],
    ["13811110001", "联系 138-1111 0001，谢谢"],
    ["13811110001", "+8613811110001"],
    ["13811110001", "电话１３８１１１１０００１找我"],
    ["5万", "预算5万左右"],
    ["1.5万", "共1.5 万"],
    ["会话存档", "会话存档产品"],
  ];
  const open = [
    ["n@x.com", "an@x.com"],
    ["n@x.com", "n@x.com.cn"],
    ["a-b@x.com", "ab@x.com"],
    ["13811110001", "联系 213811110001"],
    ["13811110001", "138111100012"],
    ["5万", "15万"],
    ["5万", "1.5万"],
    ["abc12", "abc123"],
  ];
  for (const [value, detail] of held) assert.equal(isHeld(value, detail), true, `${value} in ${detail}`);
  for (const [value, detail] of open) assert.equal(isHeld(value, detail), false, `${value} in ${detail}`);
});
