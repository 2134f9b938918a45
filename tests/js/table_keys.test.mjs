// @ts-check
// Which keys a table of Streamlit leaves to the page.
import assert from "node:assert/strict";
import test from "node:test";
import { isPagesKey } from "../../core/ui/js/table_keys.js";

/** @param {Partial<Record<"altKey" | "ctrlKey" | "metaKey" | "isComposing" | "altGraph", boolean>>} held */
function pressed({ altKey = false, ctrlKey = false, metaKey = false, isComposing = false, altGraph = false }) {
  return { altKey, ctrlKey, metaKey, isComposing, getModifierState: () => altGraph };
}

test("keys with Alt are the page's, text and everything else are the table's", () => {
  assert.equal(isPagesKey(pressed({ altKey: true })), true);
  const others = [{}, { ctrlKey: true }, { metaKey: true }];
  for (const held of others) assert.equal(isPagesKey(pressed(held)), false);
});

test("AltGr and an input method type text", () => {
  assert.equal(isPagesKey(pressed({ altKey: true, ctrlKey: true })), false);
  assert.equal(isPagesKey(pressed({ altKey: true, altGraph: true })), false);
  assert.equal(isPagesKey(pressed({ altKey: true, isComposing: true })), false);
});
