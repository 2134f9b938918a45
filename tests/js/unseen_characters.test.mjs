// @ts-check
// What nobody sees, tested by the file that tests/domain/test_unseen_characters.py reads too.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { samePerson } from "../../core/ui/workbench/js/names.js";
import { isEmpty } from "../../core/ui/workbench/js/values.js";

/** @type {Record<string, [string, string][]>} */
const RANGES = JSON.parse(readFileSync(new URL("../domain/unseen_characters.json", import.meta.url), "utf-8"));

/**
 * The characters that are such ones, as ranges.
 * @param {(character: string) => boolean} isOne
 */
function ranges(isOne) {
  /** @type {[number, number][]} */
  const all = [];
  for (let code = 0; code < 0x110000; code += 1) {
    if ((code >= 0xd800 && code < 0xe000) || !isOne(String.fromCodePoint(code))) continue;
    const last = all.at(-1);
    if (last && last[1] === code - 1) last[1] = code;
    else all.push([code, code]);
  }
  const written = (/** @type {number} */ code) => code.toString(16).toUpperCase().padStart(4, "0");
  return all.map(([first, last]) => [written(first), written(last)]);
}

test("every character that says nothing as a value, as Python says", () => {
  assert.deepEqual(ranges(isEmpty), RANGES["blank"]);
});

test("every character that is no part of a name, as Python says", () => {
  assert.deepEqual(
    ranges((one) => samePerson(`1${one}1`, "11")),
    RANGES["no part of a name"],
  );
});
