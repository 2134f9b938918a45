// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { isAllSelected } from "../../core/ui/workbench/js/composing.js";
import { sentenceAround } from "../../core/ui/workbench/js/evidence_text.js";
import { asksForRibbon, noPlaceText } from "../../core/ui/workbench/js/ribbon.js";
import { ownText } from "../../core/ui/workbench/js/values.js";

test("a piece of evidence is shown in its sentence, and in no other", () => {
  const text = "您好。我电话 138 0000 0001，晚上打。周六见";
  const start = text.indexOf("138");
  assert.deepEqual(sentenceAround(text, start, start + 13), {
    before: "我电话 ",
    said: "138 0000 0001",
    after: "，晚上打。",
  });
  assert.deepEqual(sentenceAround(text, 0, 3), { before: "", said: "您好。", after: "" });
  assert.deepEqual(sentenceAround("一行\n两行\n三行", 3, 5), { before: "", said: "两行", after: "" });
  assert.deepEqual(sentenceAround("全部", 0, 0), { before: "", said: "", after: "全部" });
});

test("long sentences are cut around the evidence, between characters and never in one", () => {
  const text = `${"😀".repeat(100)}两万${"，好".repeat(100)}`;
  const { before, said, after } = sentenceAround(text, 200, 202);
  assert.equal(said, "两万");
  assert.deepEqual([[...before].length, [...after].length], [61, 61]);
  assert.ok(before.startsWith("…😀") && after.endsWith("…"));
  const whole = sentenceAround("字".repeat(1000), 0, 1000);
  assert.equal([...whole.said].length, 181);
});

test("a value without a place says why", () => {
  const filled = { isFilled: true, isOwn: false };
  assert.match(noPlaceText("推断", filled), /^推断/);
  assert.match(noPlaceText("无依据", filled), /^无依据/);
  assert.match(noPlaceText("", { isFilled: false, isOwn: false }), /没有填/);
  assert.match(noPlaceText("", { isFilled: true, isOwn: true }), /刚改过/);
});

test("only a plain Space asks for it, where no text is typed and nothing else owns the keys", () => {
  /** @type {(extra?: object, held?: object) => any} */
  const pressed = (extra = {}, held = {}) => ({
    event: { key: " ", ctrlKey: false, altKey: false, metaKey: false, shiftKey: false, ...held },
    isText: false,
    isUntouched: false,
    layer: null,
    ...extra,
  });
  // node has no elements: what is pressed by Space is looked at in the browser
  globalThis.Element ??= /** @type {any} */ (class {});
  assert.ok(asksForRibbon(pressed(), undefined));
  assert.ok(asksForRibbon(pressed({ layer: { isText: false, isThrough: true } }), undefined));
  assert.ok(asksForRibbon(pressed({ isText: true, isUntouched: true }), undefined));
  for (const no of [
    pressed({ isText: true }),
    pressed({ layer: { isText: false, isThrough: false } }),
    pressed({}, { ctrlKey: true }),
    pressed({}, { shiftKey: true }),
    pressed({}, { key: "a" }),
  ])
    assert.ok(!asksForRibbon(no, undefined));
});

test("a blank replaces no value that the focus has selected, and begins none", () => {
  assert.ok(isAllSelected({ value: "13800000001", selectionStart: 0, selectionEnd: 11 }));
  assert.ok(isAllSelected({ value: "", selectionStart: 0, selectionEnd: 0 }));
  assert.ok(!isAllSelected({ value: "两 万", selectionStart: 1, selectionEnd: 1 }));
  assert.ok(!isAllSelected({ value: "两万", selectionStart: 0, selectionEnd: 0 }));
});

test("a stray blank makes no text of the digit behind it, a quotation mark does", () => {
  for (const blank of [" ", "\u3000", " \u200b "]) assert.equal(ownText(blank), "", JSON.stringify(blank));
  assert.deepEqual(["'2组", "‘2", "’3", "＇4 ", " '5"].map(ownText), ["2组", "2", "3", "4 ", "5"]);
  for (const text of ["2组", "'其他'", "it's 2", "“2”", "a '2", "'"]) assert.equal(ownText(text), text);
});
