// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { mayRepeat } from "../../core/ui/workbench/js/press.js";

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
