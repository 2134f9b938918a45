// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  alternatives,
  approvalStops,
  dissent,
  forgetAnswered,
  lossText,
  newStops,
  nextAlternative,
  openWarnings,
  remarks,
  surenessText,
} from "../../core/ui/workbench/js/advice.js";
import { addCustomer, removeCustomer } from "../../core/ui/workbench/js/customers.js";
import { nextDoubt } from "../../core/ui/workbench/js/doubts.js";
import { mergeChat } from "../../core/ui/workbench/js/incoming.js";
import { confirmField, confirmRest, editField, makeEntry, togglePin, undo } from "../../core/ui/workbench/js/model.js";
import { makeSave } from "../../core/ui/workbench/js/outbox.js";
import { chatAsFilled } from "../../core/ui/workbench/js/sides.js";
import { makeStore, receive } from "../../core/ui/workbench/js/state.js";
import { spend } from "../../core/ui/workbench/js/time_spent.js";
import { chat, customer, FORM, payload } from "./fixtures.mjs";

const NOWHERE = { 电话: { status: "无依据", evidence: [], messages: [] } };

test("a value that must stand in the chat warns until somebody answers for it", () => {
  const entry = makeEntry(chat(1, { customers: [customer({ 电话: "138" }, { marks: NOWHERE })] }));
  assert.deepEqual(
    openWarnings(entry, FORM).map((one) => one.key),
    ["电话"],
  );
  togglePin(entry, 0, "电话", 3, 0);
  assert.deepEqual(openWarnings(entry, FORM), [], "a pinned message is an answer");
  togglePin(entry, 0, "电话", 3, 0);
  confirmField(entry, 0, "电话", 0);
  assert.deepEqual(openWarnings(entry, FORM), []);
});

test("a text with many right answers may be told in other words", () => {
  const form = { ...FORM, fields: FORM.fields.map((field) => ({ ...field, one_right_answer: field.key !== "明细" })) };
  const entry = makeEntry(chat(1, { customers: [customer({ 明细: "分三期" }, { marks: { 明细: NOWHERE["电话"] } })] }));
  assert.deepEqual(openWarnings(entry, form), []);
});

const EMPTY = { 姓名: "", 电话: "", 类型: [], 明细: "" };

test("an empty form beside another one stops the first approval, whoever looked at it", () => {
  const entry = makeEntry(chat(1, { customers: [customer({ 姓名: "甲" }), customer(EMPTY)] }));
  for (const field of FORM.fields) confirmField(entry, 1, field.key, 0);
  assert.deepEqual(
    openWarnings(entry, FORM).map((one) => [one.index, one.key]),
    [[1, FORM.name_field]],
  );
});

test("a form that is empty altogether stops the first approval until somebody says that it is right", () => {
  const entry = makeEntry(chat(1, { customers: [customer(EMPTY)] }));
  assert.match(approvalStops(entry, FORM)[0].text, /一个字段也没有填/);
  confirmRest(entry, FORM, 0, 0);
  assert.deepEqual(approvalStops(entry, FORM), []);
});

test("a customer without a name stops the first approval until that is confirmed by itself", () => {
  const entry = makeEntry(chat(1, { customers: [customer({ 姓名: "", 电话: "138" })] }));
  assert.deepEqual(
    approvalStops(entry, FORM).map(({ key, text }) => [key, text]),
    [["姓名", "客户 1 还没有名字"]],
  );
  confirmField(entry, 0, "姓名", 0);
  assert.deepEqual(approvalStops(entry, FORM), []);
});

/**
 * A chat in which two people speak, and its one form's name is changed.
 * @param {string} name
 * @param {Record<string, unknown>} [extra]
 */
function renamed(name, extra) {
  const speakers = [
    { name: "孙洋2", role: "客户", reasons: [] },
    { name: "客服小陈", role: "客服", reasons: ["自称客服"] },
    { name: "陶然乡-邱总", role: "客户", reasons: [] },
  ];
  const parts = [{ t: "我是Ann，微信12345，找林木森，孙洋2的表", e: [] }];
  const messages = [{ i: 0, speaker: "孙洋2", role: "客户", kind: "text", parts, quote: null }];
  const customers = [customer({ 姓名: "孙洋2", 电话: "138" }, extra)];
  const entry = makeEntry(chat(1, { speakers, messages, customers, counts: { customers: 2, staff: 1 } }));
  editField(entry, 0, "姓名", name, 0);
  return entry;
}

const stopTexts = (/** @type {any} */ entry) => approvalStops(entry, FORM).map(({ text }) => text);

test("a customer put in as somebody who seems to be staff stops one approval at once, and none once it is decided", () => {
  const entry = renamed("客服小陈");
  assert.deepEqual(stopTexts(entry), ["「客服小陈」看起来是客服（自称客服）"]);
  const filled = chatAsFilled(entry, FORM);
  assert.deepEqual(
    filled.speakers.filter(({ role }) => role === "客服"),
    [],
    "a customer is not offered as staff",
  );
  assert.deepEqual([filled.counts.customers, filled.counts.staff], [3, 0]);
  entry.settled = { work: entry.work, status: "已确认", note: "" };
  assert.deepEqual(stopTexts(entry), [], "who decided on it has answered");
  assert.equal(chatAsFilled(renamed("孙洋2"), FORM).counts.staff, 1);
});

test("a typed name that nobody has in the chat stops one approval, and is named", () => {
  for (const name of ["孙洋2/g", "g", "n", "23", "林木深", "孙洋", "洋2", "的", "小陈"]) {
    const entry = renamed(name);
    assert.deepEqual(stopTexts(entry), [`客户 1 的名字「${name}」聊天里没有出现过`]);
    const [stop] = newStops(entry, FORM, { index: 0, key: "姓名" });
    entry.shown = [stop.id];
    assert.deepEqual(newStops(entry, FORM, { index: 0, key: "姓名" }), [], "once");
    editField(entry, 0, "姓名", `${name}x`, 9999);
    assert.equal(newStops(entry, FORM, { index: 0, key: "姓名" }).length, 1, "another name, another question");
  }
});

test("names that stand in the chat or came with it never stop an approval", () => {
  for (const name of ["Ann", "ＡＮＮ", "林木森", "邱总", "孙洋2 ", "12345"])
    assert.deepEqual(stopTexts(renamed(name)), [], name);
  const others = { 姓名: [{ value: "孙阳", who: ["规则"] }] };
  assert.deepEqual(stopTexts(renamed("孙阳", { others })), [], "another run's");
  assert.deepEqual(stopTexts(renamed("孙阳", { pinned: { 姓名: [0] } })), [], "with a message pinned for it");
  const decided = renamed("孙阳");
  decided.settled = { work: decided.work, status: "已确认", note: "" };
  assert.deepEqual(stopTexts(decided), [], "approved before");
});

test("a name that somebody took away stops an approval, though every edit counts as confirmed", () => {
  for (const name of ["", "  ", "\u3000"]) {
    const entry = makeEntry(chat(1, { customers: [customer({ 姓名: "甲", 电话: "138" })] }));
    editField(entry, 0, "姓名", name, 0);
    assert.deepEqual(
      approvalStops(entry, FORM).map(({ text }) => text),
      ["客户 1 还没有名字"],
    );
  }
});

test("a form that somebody emptied stops an approval, though the rest was confirmed as empty", () => {
  const entry = makeEntry(chat(1));
  removeCustomer(entry, FORM, 0, 0);
  confirmRest(entry, FORM, 0, 0);
  assert.match(approvalStops(entry, FORM)[0].text, /一个字段也没有填/);
});

test("each stop takes one approval, and one that comes later takes another", () => {
  const from = { index: 0, key: "姓名" };
  const entry = makeEntry(chat(1, { customers: [customer({ 姓名: "", 电话: "138" })] }));
  const [nameless] = newStops(entry, FORM, from);
  entry.shown = [nameless.id];
  assert.deepEqual(newStops(entry, FORM, from), []);
  addCustomer(entry, FORM, "", 0);
  assert.deepEqual(
    newStops(entry, FORM, from).map(({ index, text }) => [index, text.slice(0, 4)]),
    [[1, "客户 2"]],
  );
});

test("a difference that a delta review asks about does not spend the stop of a warning", () => {
  const from = { index: 0, key: "姓名" };
  const entry = makeEntry(chat(1, { customers: [customer({ 姓名: "", 电话: "138" }, { delta: { 电话: "139" } })] }));
  const [asked] = newStops(entry, FORM, from);
  assert.equal(asked.key, "电话");
  entry.shown = [asked.id];
  assert.deepEqual(
    newStops(entry, FORM, from).map(({ text }) => text),
    ["客户 1 还没有名字"],
  );
});

test("what was said and stands in no form stops the first approval, with its place", () => {
  const missed = [{ id: "m:0", key: "电话", value: "13900001234", message: 4, customer: 0 }];
  const entry = makeEntry(chat(1, { missed }));
  const [stop] = approvalStops(entry, FORM);
  assert.equal(stop.message, 4);
  assert.match(stop.text, /13900001234.*第 5 条/);
  editField(entry, 0, "电话", "139 0000 1234", 0);
  assert.deepEqual(approvalStops(entry, FORM), []);
});

test("a warning goes with the value that raised it, after an undo too", () => {
  const entry = makeEntry(chat(1, { version: 1, customers: [customer({ 电话: "13800001111" })] }));
  editField(entry, 0, "电话", "138", 0);
  entry.clean = entry.work; // the edit is saved, and the server answers with what its checks say about it
  const warnings = [{ customer: 0, key: "电话", level: "warning", text: "位数不对" }];
  const news = chat(1, { version: 2, warnings, customers: [customer({ 电话: "138" })] });
  mergeChat(entry, news, true, FORM);
  undo(entry);
  assert.deepEqual(openWarnings(entry, FORM), []);
});

test("hints are shown and stop nobody", () => {
  const warnings = [{ customer: 0, key: "姓名", level: "hint", text: "像客服" }];
  const entry = makeEntry(chat(1, { warnings }));
  assert.deepEqual(
    remarks(entry, FORM).map((one) => [one.key, one.level]),
    [["姓名", "hint"]],
  );
  assert.deepEqual(openWarnings(entry, FORM), []);
});

test("alternatives name who says so, and the run that the desk started from comes first", () => {
  const others = {
    类型: [
      { value: ["答疑"], who: ["乙", "标注"] },
      { value: ["询价", "答疑"], who: ["丙"] },
    ],
  };
  const entry = makeEntry(chat(1, { customers: [customer({ 类型: ["询价"] }, { others })] }));
  const run = { name: "甲", model: "" };
  assert.deepEqual(
    alternatives(entry.work[0], "类型", run).map((one) => one.who),
    [["乙", "标注"], ["丙"]],
  );
  editField(entry, 0, "类型", ["答疑"], 0);
  assert.deepEqual(
    alternatives(entry.work[0], "类型", run).map((one) => one.who),
    [["甲"], ["丙"]],
  );
});

test("how many runs differ is said where it means something, and follows what is typed", () => {
  const others = {
    类型: [{ value: ["答疑"], who: ["乙", "丙"] }],
    电话: [{ value: "", who: ["乙"] }],
  };
  const told = { others, dissent: { 类型: { differ: 2, of: 3 } } };
  const entry = makeEntry(chat(1, { customers: [customer({ 类型: ["询价"], 电话: "138" }, told)] }));
  assert.equal(dissent(entry.work[0], "类型"), "≠ 2/3");
  assert.equal(dissent(entry.work[0], "电话"), "", "one empty cell of three");
  editField(entry, 0, "类型", ["答疑"], 0);
  assert.equal(dissent(entry.work[0], "类型"), "");
  const plain = makeEntry(chat(1, { customers: [customer({ 类型: ["询价"] }, { others })] }));
  assert.equal(dissent(plain.work[0], "类型"), "≠");
});

test("the same key goes round all values", () => {
  const others = { 电话: [{ value: "139", who: ["乙"] }] };
  const entry = makeEntry(chat(1, { customers: [customer({ 电话: "138" }, { others })] }));
  const seen = [];
  for (let i = 0; i < 3; i += 1) {
    const next = nextAlternative(entry.work[0], "电话", { name: "甲", model: "" });
    assert.ok(next);
    seen.push(next.value);
    editField(entry, 0, "电话", next.value, i);
  }
  assert.deepEqual(seen, ["139", "138", "139"]);
  assert.equal(nextAlternative(entry.work[0], "明细", null), null);
});

test("a value of the run says how often such values are right, until it is another one", () => {
  const sure = { 姓名: 97, 电话: 40 };
  const entry = makeEntry(
    chat(1, { customers: [customer({ 姓名: "林木", 电话: "138" }, { sure, doubts: ["电话"] })] }),
  );
  assert.equal(surenessText(entry, entry.work[0], "姓名"), "这样的值 97 % 对");
  assert.equal(surenessText(entry, entry.work[0], "类型"), "");
  assert.deepEqual(nextDoubt(entry, FORM, 0, "姓名"), { index: 0, key: "电话" });
  editField(entry, 0, "电话", "139", 0);
  assert.equal(surenessText(entry, entry.work[0], "电话"), "");
  assert.equal(nextDoubt(entry, FORM, 0, "姓名"), null);
  assert.equal(surenessText(entry, { ...entry.work[0], source: null }, "姓名"), "");
});

test("doubtful are unconfirmed fields that a check or another run speaks about", () => {
  const others = { 类型: [{ value: ["答疑"], who: ["乙"] }] };
  const entry = makeEntry(chat(1, { customers: [customer({ 电话: "138" }, { others, marks: NOWHERE })] }));
  assert.deepEqual(nextDoubt(entry, FORM, 0, "姓名"), { index: 0, key: "电话" });
  assert.deepEqual(nextDoubt(entry, FORM, 0, "电话"), { index: 0, key: "类型" });
  confirmField(entry, 0, "类型", 0);
  confirmField(entry, 0, "电话", 0);
  assert.equal(nextDoubt(entry, FORM, 0, "姓名"), null);
});

test("a stop that was answered and comes back takes an approval again", () => {
  const entry = makeEntry(chat(1, { customers: [customer({ 电话: "138" })] }));
  const stops = () => {
    forgetAnswered(entry, FORM);
    const fresh = newStops(entry, FORM, { index: 0, key: "姓名" });
    entry.shown = [...entry.shown, ...fresh.map(({ id }) => id)];
    return fresh.length;
  };
  editField(entry, 0, "姓名", "", 0);
  assert.deepEqual([stops(), stops()], [1, 0]);
  editField(entry, 0, "电话", "139", 0);
  assert.equal(stops(), 0, "it was not answered by an edit elsewhere");
  editField(entry, 0, "姓名", "林", 0);
  stops();
  editField(entry, 0, "姓名", "", 0);
  assert.equal(stops(), 1);
});

test("a name that nobody can see is none", () => {
  for (const name of ["\u200b", "\u2060", "\u3164", "\u00ad", "\u2800 "]) {
    const entry = makeEntry(chat(1, { customers: [customer({ 姓名: name, 电话: "138" })] }));
    assert.equal(openWarnings(entry, FORM)[0]?.hint, "没有名字", JSON.stringify(name));
  }
});

test("what somebody else changed under one's eyes stops one approval, until the chat is decided", () => {
  const store = makeStore();
  receive(store, payload());
  const theirs = customer({ 明细: "分三期" });
  receive(store, payload({ open: undefined, chats: [chat(1, { version: 2, reviewer: "陈默", customers: [theirs] })] }));
  const entry = /** @type {any} */ (store.entries.get(1));
  assert.equal(entry.news?.text, "陈默 刚改了：明细");
  const [stop] = newStops(entry, FORM, { index: 0, key: "姓名" });
  assert.deepEqual([stop.key, stop.text], ["明细", "陈默 刚改了：明细"]);
  receive(store, payload({ open: undefined, chats: [chat(2, { version: 2, customers: [theirs] })] }));
  assert.equal(store.entries.get(2)?.news, null, "a chat that nobody looks at has no news");
});

test("what may be lost is called a guess until enough was approved, and ends with the approval", () => {
  const guessed = makeEntry(chat(1, { expected_loss: 2.25, loss_estimated: true }));
  assert.equal(lossText(guessed, FORM), "按规则预计失 2.3 分");
  const known = makeEntry(chat(1, { expected_loss: 1, loss_estimated: false }));
  assert.equal(lossText(known, FORM), "本条预计失 1.0 分");
  for (const { key } of FORM.fields) confirmField(known, 0, key, 0);
  assert.equal(lossText(known, FORM), "", "every field is confirmed");
  assert.equal(lossText(makeEntry(chat(1, { expected_loss: 1, status: "已确认" })), FORM), "");
  assert.equal(lossText(makeEntry(chat(1)), FORM), "", "nothing was computed yet");
});

test("another dataset on the desk is told apart from another filter", () => {
  const store = makeStore();
  const elsewhere = { dataset: { id: 2, name: "别的" } };
  assert.equal(receive(store, payload()).otherDesk, false, "there was none before");
  assert.equal(receive(store, payload({ session: "another filter" })).otherDesk, false);
  assert.equal(receive(store, payload({ session: "elsewhere", ...elsewhere })).otherDesk, true);
  assert.equal(receive(store, payload({ session: "elsewhere", ...elsewhere })).otherDesk, false);
});

test("the time that a chat was read ahead counts when it is decided, though it was let go meanwhile", () => {
  const store = makeStore();
  receive(store, payload());
  const read = /** @type {any} */ (store.entries.get(3));
  spend(read, "电话", 40);
  receive(store, payload({ session: "another filter", chats: [chat(1)], order: { next: [], prev: [] } }));
  assert.equal(store.entries.has(3), false);
  receive(store, payload({ session: "another filter", open: 3, chats: [chat(3)] }));
  const again = /** @type {any} */ (store.entries.get(3));
  assert.deepEqual([again.seconds, again.fieldSeconds], [40, { 电话: 40 }]);
  const options = { id: "a", status: "已确认", reviewer: "林晓", review: "primary", now: 1 };
  assert.equal(makeSave(again, FORM, /** @type {any} */ (options)).seconds, 40);
  receive(store, payload({ session: "third", chats: [], open: null }));
  receive(store, payload({ session: "third", open: 3, chats: [chat(3)] }));
  assert.equal(store.entries.get(3)?.seconds, 0, "what was saved does not count twice");
  receive(store, payload({ session: "elsewhere", dataset: { id: 2, name: "别的" }, chats: [chat(3)] }));
  assert.equal(store.timeSpent.size, 0);
});
