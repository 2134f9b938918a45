// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { inFormWords, sideText, subjectAt } from "../../core/ui/workbench/js/form_words.js";
import { isAskedFor } from "../../core/ui/workbench/js/help.js";
import { COMMANDS, FIELD_KEYS, FIRST_KEYS } from "../../core/ui/workbench/js/keys.js";

const asked = (/** @type {string} */ text) =>
  [...COMMANDS, ...FIELD_KEYS].filter((row) => isAskedFor(row, text)).map(({ label }) => label);

test("six keys come before all others", () => {
  assert.equal(FIRST_KEYS.length, 6);
  assert.equal(new Set(FIRST_KEYS.map(({ label }) => label)).size, 6);
});

test("a key is found by its name, its group, its chord or its letter, in any case and width", () => {
  assert.deepEqual(asked("钉为依据"), ["把这条消息钉为依据；再按取下"]);
  assert.deepEqual(asked("alt+d"), ["待讨论（可写原因）"]);
  assert.deepEqual(asked("Ａlt d"), asked("alt d"));
  assert.ok(asked("ctrl 确认").includes("确认并下一条"));
  assert.ok(asked("↵").includes("确认并下一条"), "as it stands on the cap");
  assert.equal(asked("").length, COMMANDS.length + FIELD_KEYS.length);
  assert.deepEqual(asked("没有这样的键"), []);
});

test("a key is found by the pinyin of its name, whole or by first letters, and by the word of the desk", () => {
  assert.deepEqual(asked("xycyd"), ["下一处疑点（检查有话说、抽取任务或标注不同）"]);
  assert.ok(asked("xiayichuyidian").length === 1);
  assert.ok(asked("疑点").includes("下一处疑点（检查有话说、抽取任务或标注不同）"));
  assert.ok(asked("疑点").includes("只看疑点；再按显示全部"));
  assert.ok(asked("qrbzd").includes("确认本字段"));
  assert.deepEqual(asked("zzzz"), []);
});

test("keys and sides are named in the words of the open form", () => {
  const form = { subject: "报修人", staff: "师傅" };
  const { label, group } = /** @type {any} */ (COMMANDS.find(({ id }) => id === "narrow"));
  assert.equal(inFormWords(form, label), "只看与本报修人有关的消息");
  assert.equal(inFormWords(form, group), "群聊");
  assert.equal(subjectAt(form, 1), "报修人 2");
  assert.deepEqual(
    ["客户", "客服", "未知"].map((role) => sideText(form, role)),
    ["报修人", "师傅", "未知"],
  );
});
