// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { COMMANDS, chordOf, commandOf, isComposing } from "../../core/ui/workbench/js/keys.js";

const key = (/** @type {string} */ name, extra = {}) => ({
  key: name,
  code: "",
  keyCode: 0,
  isComposing: false,
  ctrlKey: false,
  altKey: false,
  shiftKey: false,
  metaKey: false,
  ...extra,
});

test("a key of a composition is never a command", () => {
  assert.ok(isComposing(key("Enter", { isComposing: true })));
  assert.equal(commandOf(key("Enter", { ctrlKey: true, isComposing: true }), false), null);
  assert.equal(commandOf(key("Process", { ctrlKey: true, keyCode: 229 }), true), null);
});

test("chords are found by the physical key where Alt changes the character", () => {
  assert.equal(commandOf(key("Enter", { ctrlKey: true }), false)?.id, "approve");
  assert.equal(commandOf(key("∂", { altKey: true, code: "KeyD" }), false)?.id, "discuss");
  assert.deepEqual(commandOf(key("™", { altKey: true, code: "Digit2" }), false), { id: "customer", number: 2 });
  assert.equal(chordOf(key("Enter", { metaKey: true }), true), "Ctrl+Enter");
  assert.equal(commandOf(key("z", { ctrlKey: true, shiftKey: true }), false)?.id, "redo");
});

test("single letters act in command mode only", () => {
  assert.equal(commandOf(key("s"), false), null);
  assert.equal(commandOf(key("s"), true)?.id, "skip");
  assert.equal(commandOf(key("?", { shiftKey: true }), true)?.id, "help");
  assert.equal(commandOf(key("s", { ctrlKey: true }), true), null);
});

test("no two commands share a key", () => {
  const chords = COMMANDS.flatMap((command) => command.keys);
  const letters = COMMANDS.flatMap((command) => command.letters);
  assert.equal(new Set(chords).size, chords.length);
  assert.equal(new Set(letters).size, letters.length);
});
