// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  alternatives,
  dismiss,
  nextAlternative,
  nextDoubt,
  openMissed,
  openWarnings,
  remarks,
  takeMissed,
} from "../../core/ui/workbench/js/advice.js";
import { confirmField, editField, makeEntry, togglePin } from "../../core/ui/workbench/js/model.js";
import { chat, customer, FORM } from "./fixtures.mjs";

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

test("an empty form beside another one stops the first approval, alone it is an answer", () => {
  const two = makeEntry(
    chat(1, { customers: [customer({ 姓名: "甲" }), customer({ 姓名: "", 电话: "", 类型: [], 明细: "" })] }),
  );
  for (const field of FORM.fields) confirmField(two, 1, field.key, 0);
  assert.deepEqual(
    openWarnings(two, FORM).map((one) => [one.index, one.key]),
    [[1, FORM.name_field]],
  );
  const alone = makeEntry(chat(1, { customers: [customer({ 姓名: "", 电话: "", 类型: [], 明细: "" })] }));
  assert.deepEqual(openWarnings(alone, FORM), []);
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

test("doubtful are unconfirmed fields that a check or another run speaks about", () => {
  const others = { 类型: [{ value: ["答疑"], who: ["乙"] }] };
  const entry = makeEntry(chat(1, { customers: [customer({ 电话: "138" }, { others, marks: NOWHERE })] }));
  assert.deepEqual(nextDoubt(entry, FORM, 0, "姓名"), { index: 0, key: "电话" });
  assert.deepEqual(nextDoubt(entry, FORM, 0, "电话"), { index: 0, key: "类型" });
  confirmField(entry, 0, "类型", 0);
  confirmField(entry, 0, "电话", 0);
  assert.equal(nextDoubt(entry, FORM, 0, "姓名"), null);
});

test("what was missed goes to who said it, and is not mentioned once a form holds it", () => {
  const missed = [{ id: "m:0", key: "电话", value: "13900001234", message: 4, customer: 1 }];
  const entry = makeEntry(chat(1, { missed, customers: [customer(), customer({ 姓名: "乙" })] }));
  assert.equal(takeMissed(entry, FORM, missed[0], 0, 0), 1);
  assert.equal(entry.work[1].values["电话"], "13900001234");
  assert.deepEqual(openMissed(entry), []);
  editField(entry, 1, "电话", "139 0000 1234", 0);
  assert.deepEqual(openMissed(entry), [], "in another shape too");
  editField(entry, 1, "电话", "", 0);
  assert.equal(openMissed(entry).length, 1);
  dismiss(entry, missed[0]);
  assert.deepEqual(openMissed(entry), []);
});

test("taking what was missed keeps what stands there", () => {
  const one = { id: "m:0", key: "电话", value: "139", message: 4, customer: null };
  const entry = makeEntry(chat(1, { missed: [one], customers: [customer({ 电话: "138" })] }));
  takeMissed(entry, FORM, one, 0, 0);
  assert.equal(entry.work[0].values["电话"], "138、139");
});
