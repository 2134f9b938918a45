// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { makeLastOwner, mayRepeat } from "../../core/ui/workbench/js/press.js";

/**
 * A key in a text of the form.
 * @param {string} name
 * @param {Record<string, unknown>} [extra]
 * @param {Record<string, unknown>} [held]
 * @returns {any}
 */
function pressed(name, extra = {}, held = {}) {
  const event = { key: name, ctrlKey: false, altKey: false, metaKey: false, shiftKey: false, ...held };
  return {
    event,
    command: null,
    isText: true,
    isField: true,
    isList: false,
    isUntouched: false,
    isLong: false,
    isHere: true,
    layer: null,
    ...extra,
  };
}

const COMMAND_MODE = { isText: false, isField: false };
const MENU = { ...COMMAND_MODE, layer: { isText: false, isThrough: false } };

test("a held key moves and types, and confirms, picks or decides nothing", () => {
  for (const may of [pressed("x"), pressed("Backspace"), pressed("Tab"), pressed("ArrowDown", MENU)])
    assert.equal(mayRepeat(may), true, may.event.key);
  assert.equal(mayRepeat(pressed("Enter", { isLong: true }, { shiftKey: true })), true);
  for (const command of ["next", "undo", "wordRight"])
    assert.equal(mayRepeat(pressed("j", { ...COMMAND_MODE, command })), true);
  const never = [
    pressed("Enter"),
    pressed("Enter", {}, { shiftKey: true }),
    pressed("Enter", { command: "approve" }, { ctrlKey: true }),
    pressed("Enter", { ...MENU, command: "approve" }, { ctrlKey: true }),
    pressed("f", { ...MENU, command: "missed" }),
    pressed("h", MENU),
    pressed("1", MENU),
    pressed("Enter", MENU),
    pressed("1", { isList: true }),
    pressed("1", COMMAND_MODE),
    pressed("c", { ...COMMAND_MODE, command: "confirm" }),
    pressed(" ", COMMAND_MODE),
    pressed("Escape"),
    pressed("x", { isHere: false }),
    pressed("Backspace", { isHere: false }),
    pressed("Enter", { isLong: true, isHere: false }, { shiftKey: true }),
  ];
  for (const one of never) assert.equal(mayRepeat(one), false, JSON.stringify(one));
});

/** Presses keys one after another, each `[owner, chord, milliseconds since the one before]`; which were meant for another. */
function pressAll(/** @type {[string, string, number?][]} */ ...keys) {
  let time = 1_000;
  const last = makeLastOwner(() => time);
  return keys.map(([owner, chord, later = 10]) => {
    time += later;
    return last.isOfClosed(owner, chord);
  });
}

test("the key that closed a panel does not act on what lay under it when it comes twice", () => {
  for (const chord of ["Enter", "Ctrl+Enter"])
    for (const owner of ["discussion", "conflict", "menu", "page"]) {
      assert.deepEqual(pressAll([owner, chord], ["", chord], ["", chord]), [false, true, true], owner);
      assert.deepEqual(pressAll([owner, chord], ["", "Ctrl+Control"], ["", chord]), [false, false, true], owner);
    }
  assert.deepEqual(pressAll(["menu", "Enter"], ["note", "Enter"]), [false, true], "nor on another panel");
});

test("a key is the desk's where somebody waited, pressed another one first, or no panel closed", () => {
  assert.deepEqual(pressAll(["discussion", "Ctrl+Enter"], ["", "Ctrl+Enter", 400]), [false, false]);
  assert.deepEqual(pressAll(["discussion", "Enter"], ["", "Ctrl+Enter"]), [false, false]);
  assert.deepEqual(pressAll(["menu", "Enter"], ["", "Tab"], ["", "Enter"]), [false, false, false]);
  assert.deepEqual(pressAll(["search", "Enter"], ["search", "Enter"]), [false, false]);
  assert.deepEqual(pressAll(["", "Enter"], ["", "Enter"]), [false, false]);
  assert.deepEqual(pressAll(["page", "Alt+J"], ["", "Alt+J"]), [false, false]);
});
