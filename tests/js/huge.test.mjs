// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { findHits } from "../../core/ui/workbench/js/find.js";
import { withTexts } from "../../core/ui/workbench/js/incoming.js";
import { piecesOf, placesOfEvidence, sameMessage, setApart } from "../../core/ui/workbench/js/messages.js";
import { makeStore, receive } from "../../core/ui/workbench/js/state.js";
import { chat, payload } from "./fixtures.mjs";

/**
 * @param {number} i
 * @param {{ t: string, e: string[] }[]} parts
 * @returns {import("../../core/ui/workbench/js/types.js").MessagePayload}
 */
function message(i, parts, more = {}) {
  const plain = { speaker: `人${i}`, role: "客户", kind: "text", same: false, near: [0], named: [], quote: null };
  return /** @type {any} */ ({ i, parts, ...plain, ...more });
}

const MESSAGES = [
  message(0, [{ t: "你好", e: [] }]),
  message(1, [
    { t: "电话 ", e: [] },
    { t: "139", e: ["0:1:0"] },
  ]),
  message(2, [{ t: "好的", e: [] }], { named: ["0:0:0"] }),
  message(3, [{ t: "回复", e: [] }], { quote: { speaker: "甲", text: "原话", parts: [{ t: "原话", e: ["m:0"] }] } }),
];

test("texts that are here already are put back, with the evidence of now", () => {
  const whole = { ...chat(1), messages: MESSAGES };
  const fresh = [message(0, [{ t: "你好", e: ["0:2:0"] }])];
  const merged = withTexts({ ...chat(1), messages: fresh, text_kept: true }, whole);
  assert.equal(merged?.messages[0], fresh[0]);
  assert.deepEqual(merged?.messages[1].parts, [{ t: "电话 139", e: [] }]);
  assert.deepEqual(merged?.messages[2].named, []);
  assert.deepEqual(merged?.messages[3].quote?.parts, [{ t: "原话", e: [] }]);
  const again = withTexts({ ...chat(1), messages: [], text_kept: true }, merged ?? undefined);
  assert.equal(again?.messages[1], merged?.messages[1], "a message without evidence stays the one that it is");
  assert.equal(withTexts(whole, undefined), whole);
});

test("a chat that came without its texts though it is not here is asked for", () => {
  const store = makeStore();
  const effects = receive(store, payload({ chats: [{ ...chat(1), messages: [], text_kept: true }] }));
  assert.deepEqual(effects.textless, [1]);
  assert.equal(store.entries.size, 0);
  assert.deepEqual(receive(store, payload({ chats: [chat(1)] })).textless, []);
  assert.equal(store.entries.size, 1);
});

test("evidence is known by its messages, also where it is quoted or a name", () => {
  const places = placesOfEvidence(MESSAGES);
  assert.deepEqual(Object.fromEntries(places), { "0:1:0": [1], "0:0:0": [2], "m:0": [3] });
  assert.ok(sameMessage(MESSAGES[0], { ...MESSAGES[0] }));
  assert.ok(!sameMessage(MESSAGES[2], { ...MESSAGES[2], named: [] }));
});

test("words are found in texts, quotations and names, without any row", () => {
  const found = (/** @type {string} */ words) =>
    findHits({ ...chat(1), messages: MESSAGES }, words).map(({ message: i, start, end }) => [i, start, end]);
  assert.deepEqual(found("话 13"), [[1, 1, 5]], "across the border of evidence");
  assert.deepEqual(found("原话"), [[3, 2, 4]]);
  assert.deepEqual(found("人2"), [[2, 0, 0]]);
  assert.deepEqual(found("  "), []);
});

test("a long text falls into pieces that join to it, behind sentences where there are any", () => {
  for (const text of [
    "字".repeat(50_000),
    "一句话。".repeat(20_000),
    `${"x".repeat(1999)}${"😀".repeat(9000)}`,
    "短",
  ]) {
    const pieces = piecesOf(text);
    assert.equal(pieces.join(""), text);
    assert.ok(pieces.every((piece) => piece.length <= 3001 && !/^[\uDC00-\uDFFF]/.test(piece)));
  }
  assert.ok(piecesOf("一句话。".repeat(20_000)).every((piece) => piece.endsWith("。")));
});

test("in a quoted reply the end of what it quoted is set apart, and no dashes of a text", () => {
  const quoted = '对的，麻烦同步下"\n- - - - - - -\n收到发票后30天';
  assert.deepEqual(setApart(quoted), ["对的，麻烦同步下", '"\n- - - - - - -\n', "收到发票后30天"]);
  for (const plain of ["一\n------\n二", '他说"好"\n二', "「甲」------"]) assert.deepEqual(setApart(plain), [plain]);
});
