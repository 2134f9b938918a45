// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { keptShare, shareAfter } from "../../core/ui/workbench/js/divider.js";
import { makeLayers, pressIn } from "../../core/ui/workbench/js/layers.js";
import { storage } from "./fixtures.mjs";

/**
 * A layer that writes down what happens to it.
 * @param {string} name
 * @param {Record<string, unknown>} [extra]
 * @returns {any}
 */
function layer(name, extra = {}) {
  /** @type {string[]} */
  const log = [];
  const onKey = (/** @type {{ key: string }} */ { key }) => key === "x" && log.push("x") > 0;
  return { name, inside: null, isText: false, isThrough: false, onKey, close: () => log.push("closed"), log, ...extra };
}

const key = (/** @type {string} */ name, extra = {}) => ({
  key: name,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  ...extra,
});

test("the topmost layer owns the keys, and Esc closes exactly that one", () => {
  const layers = makeLayers();
  const [help, menu] = [layer("help"), layer("menu")];
  layers.open(help);
  layers.open(menu);
  assert.equal(pressIn(layers.ownerOf([]), key("Escape"), false), "taken");
  assert.deepEqual([menu.log, help.log], [["closed"], []]);
  layers.drop("menu");
  assert.equal(layers.ownerOf([])?.name, "help");
  assert.equal(layers.drop("menu"), false);
  layers.drop("help");
  assert.equal(pressIn(layers.ownerOf([]), key("Escape"), false), "desk");
});

test("a layer that somebody else took off the page owns nothing", () => {
  const layers = makeLayers();
  layers.open(layer("menu", { isThere: () => false }));
  assert.equal(layers.ownerOf([]), null);
  assert.equal(layers.has("menu"), false);
});

test("no command acts behind a layer, and no letter", () => {
  const menu = layer("menu");
  assert.equal(pressIn(menu, key("Enter", { ctrlKey: true }), true), "taken");
  assert.equal(pressIn(menu, key("a"), false), "taken");
  assert.equal(pressIn(menu, key("Tab"), false), "left");
  assert.equal(pressIn(menu, key("x"), false), "taken");
  assert.deepEqual(menu.log, ["x"]);
});

test("where text is typed letters and their undo are the text's, commands are nobody's", () => {
  const note = layer("note", { isText: true });
  assert.equal(pressIn(note, key("a"), false), "left");
  assert.equal(pressIn(note, key("z", { ctrlKey: true }), true), "left");
  assert.equal(pressIn(note, key("Enter", { ctrlKey: true }), true), "taken");
  assert.equal(pressIn(note, key("s", { altKey: true }), true), "taken");
});

test("a layer that only owns what is pressed inside it leaves the desk alone, or lets keys through", () => {
  const layers = makeLayers();
  const [box, line] = [new EventTarget(), new EventTarget()];
  layers.open(layer("conflict", { inside: box }));
  layers.open(layer("divider", { inside: line, isThrough: true }));
  assert.equal(layers.ownerOf([new EventTarget()]), null);
  assert.equal(layers.ownerOf([box])?.name, "conflict");
  assert.equal(pressIn(layers.ownerOf([line]), key("Enter", { ctrlKey: true }), true), "desk");
});

test("the divider goes in steps, stays within its limits and is remembered", () => {
  const kept = storage();
  assert.equal(keptShare(kept), 55);
  assert.equal(shareAfter("ArrowRight", 55), 57);
  assert.equal(shareAfter("ArrowLeft", 30), 30);
  assert.equal(shareAfter("a", 55), null);
  kept.setItem("shiyao:divider", "400");
  assert.equal(keptShare(kept), 70);
  kept.setItem("shiyao:divider", "nonsense");
  assert.equal(keptShare(kept), 55);
});
