// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { openWarnings } from "../../core/ui/workbench/js/advice.js";
import { addCustomer, removeCustomer } from "../../core/ui/workbench/js/customers.js";
import { mergeChat } from "../../core/ui/workbench/js/incoming.js";
import {
  confirmRest,
  editField,
  isChanged,
  isDirty,
  makeEntry,
  markOf,
  nextUnseen,
  redo,
  takeBack,
  undo,
} from "../../core/ui/workbench/js/model.js";
import { addItems, isWide, sameValue, splitItems, toggleItem } from "../../core/ui/workbench/js/values.js";
import { chat, customer, FORM } from "./fixtures.mjs";

test("list values are compared and split as the scorer does", () => {
  assert.deepEqual(splitItems(["价格、竞品", " 工时,价格"]), ["价格", "竞品", "工时"]);
  assert.ok(sameValue(["价格、竞品"], ["竞品", "价格"]));
  assert.ok(!sameValue(["价格"], []));
  assert.deepEqual(toggleItem(["价格、竞品"], "价格"), ["竞品"]);
  assert.deepEqual(addItems(["价格"], "工时，价格"), ["价格", "工时"]);
  assert.deepEqual(FORM.fields.map(isWide), [false, false, true, true]);
});

test("an edit confirms its field one by one; keystrokes are one undo step until a pause", () => {
  const entry = makeEntry(chat(1));
  editField(entry, 0, "明细", "书", 0, true);
  editField(entry, 0, "明细", "书架", 300, true);
  editField(entry, 0, "明细", "书架一组", 5_000, true);
  assert.equal(entry.work[0].confirmed["明细"], "逐项确认");
  assert.ok(isDirty(entry) && isChanged(entry.work[0], "明细"));
  undo(entry);
  assert.equal(entry.work[0].values["明细"], "书架");
  undo(entry);
  assert.equal(entry.work[0].values["明细"], "");
  assert.ok(!isDirty(entry));
  redo(entry, 1);
  assert.equal(entry.work[0].values["明细"], "书架");
});

test("approval confirms in bulk only what was not looked at", () => {
  const entry = makeEntry(chat(1));
  editField(entry, 0, "电话", "139", 0);
  confirmRest(entry, FORM, 0);
  assert.deepEqual(entry.work[0].confirmed, { 姓名: "批量确认", 电话: "逐项确认", 类型: "批量确认", 明细: "批量确认" });
  assert.equal(nextUnseen(entry, FORM, 0, "姓名"), null);
});

test("confirming the empty rest leaves filled fields alone", () => {
  const entry = makeEntry(chat(1));
  confirmRest(entry, FORM, 0, 0);
  assert.deepEqual(Object.keys(entry.work[0].confirmed), ["电话", "类型", "明细"]);
  assert.deepEqual(nextUnseen(entry, FORM, 0, "姓名"), { index: 0, key: "姓名" });
});

test("customers are added and removed; a chat keeps at least one form", () => {
  const entry = makeEntry(chat(1));
  assert.equal(addCustomer(entry, FORM, "乙", 0), 1);
  removeCustomer(entry, FORM, 0, 0);
  assert.equal(entry.work[0].values["姓名"], "乙");
  removeCustomer(entry, FORM, 0, 0);
  assert.deepEqual(entry.work[0].values, { 姓名: "", 电话: "", 类型: [], 明细: "" });
  undo(entry);
  undo(entry);
  assert.deepEqual(
    entry.work.map((one) => one.values["姓名"]),
    ["甲", "乙"],
  );
});

test("the run's value comes back", () => {
  const entry = makeEntry(chat(1, { customers: [customer({ 电话: "138" })] }));
  editField(entry, 0, "电话", "139", 0);
  assert.ok(takeBack(entry, 0, "电话", 0));
  assert.equal(entry.work[0].values["电话"], "138");
  assert.ok(!takeBack(entry, 0, "电话", 0));
});

test("a mark speaks only of the value that it was made for", () => {
  const marks = { 电话: { status: "无依据", evidence: [], messages: [] } };
  const entry = makeEntry(chat(1, { customers: [customer({ 电话: "138" }, { marks })] }));
  assert.equal(openWarnings(entry, FORM).length, 1);
  editField(entry, 0, "电话", "139", 0);
  assert.equal(markOf(entry.work[0], "电话"), null);
  assert.equal(openWarnings(entry, FORM).length, 0);
});

test("hints of the checks hold nobody up, warnings do until they are answered", () => {
  const warnings = [
    { customer: 0, key: "类型", level: "warning", text: "矛盾" },
    { customer: 0, key: "明细", level: "hint", text: "提示" },
  ];
  const entry = makeEntry(chat(1, { warnings }));
  assert.deepEqual(
    openWarnings(entry, FORM).map((w) => w.key),
    ["类型"],
  );
});

test("incoming data never overwrites dirty fields, and brings their marks", () => {
  const entry = makeEntry(chat(1));
  editField(entry, 0, "明细", "我的", 0);
  const news = chat(1, {
    version: 3,
    customers: [
      customer({ 明细: "别人的", 电话: "138" }, { marks: { 电话: { status: "原文", evidence: [], messages: [] } } }),
    ],
  });
  assert.equal(mergeChat(entry, news, false, FORM), "merged");
  assert.equal(entry.work[0].values["明细"], "我的");
  assert.equal(entry.version, 0, "the next save must meet the foreign one as a conflict");
});

test("a clean chat becomes what the server says; an older version is stale", () => {
  const entry = makeEntry(chat(1, { version: 2 }));
  assert.equal(mergeChat(entry, chat(1, { version: 1, customers: [customer({ 明细: "旧" })] }), false, FORM), "merged");
  assert.equal(entry.work[0].values["明细"], "");
  assert.equal(
    mergeChat(entry, chat(1, { version: 3, customers: [customer({ 明细: "新" })] }), false, FORM),
    "replaced",
  );
  assert.equal(entry.work[0].values["明细"], "新");
  assert.equal(entry.version, 3);
});
