// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { makeArrival } from "../../core/ui/workbench/js/arrival.js";
import { comesTooSoon, mayRepeat } from "../../core/ui/workbench/js/press.js";

/**
 * A key in a text of the form.
 * @param {string} name
 * @param {Record<string, unknown>} [extra]
 * @param {Record<string, unknown>} [held]
 * @returns {any}
 */
function pressed(name, extra = {}, held = {}) {
  const event = { key: name, ctrlKey: false, altKey: false, metaKey: false, shiftKey: false, ...held };
  return { event, command: null, isText: true, isField: true, isList: false, isLong: false, layer: null, ...extra };
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
  ];
  for (const one of never) assert.equal(mayRepeat(one), false, JSON.stringify(one));
});

test("nothing is written into a chat that nobody can have seen", () => {
  let now = 1_000;
  const arrival = makeArrival(() => now);
  assert.equal(comesTooSoon(pressed("x"), arrival), false);
  arrival.chat(false);
  now += 399;
  const writing = [
    pressed("x"),
    pressed("Backspace"),
    pressed("Enter"),
    pressed("1", COMMAND_MODE),
    pressed("1", MENU),
    pressed("Enter", MENU),
    pressed("s", { ...COMMAND_MODE, command: "skip" }),
    pressed("Enter", { command: "approve" }, { ctrlKey: true }),
    pressed("y", { command: "redo" }, { ctrlKey: true }),
  ];
  for (const one of writing) assert.equal(comesTooSoon(one, arrival), true, JSON.stringify(one));
  for (const command of ["undo", "next", "search", "missed", "evidence"])
    assert.equal(comesTooSoon(pressed("k", { command }, { altKey: true }), arrival), false, command);
  assert.equal(comesTooSoon(pressed("x", { isField: false, layer: { isText: true } }), arrival), false);
  arrival.chat(true); // somebody went there themselves: they may type at once, and confirm nothing
  assert.equal(comesTooSoon(pressed("x"), arrival), false);
  assert.equal(comesTooSoon(pressed("Enter"), arrival), true);
  now += 400;
  for (const one of writing) assert.equal(comesTooSoon(one, arrival), false);
});

test("what stops a decision has to be seen like a chat", () => {
  let now = 0;
  const arrival = makeArrival(() => now);
  arrival.chat(true);
  assert.equal(arrival.isNew(), true);
  now += 400;
  arrival.stop();
  assert.deepEqual([arrival.isNew(), arrival.isNewChat()], [true, false]);
  now += 400;
  assert.equal(arrival.isNew(), false);
});

test("nothing is chosen in a list or in the box of a conflict that has only just come", () => {
  let now = 0;
  const arrival = makeArrival(() => now);
  arrival.layer();
  const picking = [
    pressed("1", MENU),
    pressed("Enter", MENU),
    pressed("f", { ...MENU, command: "missed" }, { altKey: true }),
    pressed("t", MENU),
    pressed("ArrowLeft", MENU),
  ];
  for (const one of picking) assert.equal(comesTooSoon(one, arrival), true, JSON.stringify(one));
  for (const key of ["ArrowDown", "Escape"]) assert.equal(comesTooSoon(pressed(key, MENU), arrival), false, key);
  assert.equal(comesTooSoon(pressed("x"), arrival), false, "beside it");
  now += 400;
  for (const one of picking) assert.equal(comesTooSoon(one, arrival), false, JSON.stringify(one));
});
