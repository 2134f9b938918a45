// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  correctionText,
  followWalk,
  makePutAway,
  offeredChats,
  placeInWalk,
  startWalk,
  takeWalk,
  walkText,
} from "../../core/ui/workbench/js/echo.js";
import { makeStore, nextChat } from "../../core/ui/workbench/js/state.js";

const ECHO = { key: "意向产品", was: ["CRM"], now: ["AI", "商城"], chats: [4, 6, 7, 8], more: false, held: 0 };

/** A desk at chat 5, with an offer. */
function offered() {
  const store = makeStore();
  Object.assign(store, { reviewer: "林晓", dataset: { id: 3, name: "群聊" }, current: 5, echo: ECHO });
  return store;
}

function storage() {
  const kept = new Map();
  return {
    length: 0,
    key: () => null,
    getItem: (/** @type {string} */ name) => kept.get(name) ?? null,
    setItem: (/** @type {string} */ name, /** @type {string} */ value) => void kept.set(name, value),
    removeItem: (/** @type {string} */ name) => void kept.delete(name),
  };
}

test("a correction is named by field, what was said and what was approved", () => {
  assert.equal(correctionText(offered(), ECHO), "意向产品：CRM → AI、商城");
  assert.equal(correctionText(offered(), { key: "x", was: "", now: "男" }), "x：（空） → 男");
});

test("what was decided here meanwhile is not offered", () => {
  const store = offered();
  store.decided.add(6);
  assert.deepEqual(offeredChats(store), [4, 7, 8]);
  assert.deepEqual(startWalk(store)?.chats, [4, 7, 8]);
  store.echo = null;
  assert.equal(startWalk(store), null);
});

test("a walk begins at the chat on screen where it is one of them, and remembers where it began", () => {
  const store = offered();
  store.current = 7;
  const walk = startWalk(store);
  assert.deepEqual([walk?.chats, walk?.home, store.echo], [[7, 4, 6, 8], 7, null]);
});

test("the queue is the walk, whatever the server says of the queue, and passes over what others took", () => {
  const store = offered();
  startWalk(store);
  store.current = 4;
  followWalk(store, 4);
  assert.equal(nextChat(store), 6);
  takeWalk(store, { open: [4, 8], held: [6] });
  followWalk(store, 4);
  assert.equal(nextChat(store), 8);
  store.current = 8;
  followWalk(store, 8);
  assert.equal(nextChat(store), null);
});

test("its end says what was done here, by others, and what was left", () => {
  const store = offered();
  const walk = startWalk(store);
  assert.ok(walk);
  assert.equal(walkText(store, walk), "同类改动处理了 0 / 4 处，4 处没动");
  store.decided.add(4);
  takeWalk(store, { open: [8], held: [6] });
  assert.ok(store.walk);
  assert.equal(walkText(store, store.walk), "同类改动处理了 1 / 4 处，1 处别人已处理，1 处别人正在审，1 处没动");
});

test("a chat of a walk opens at the customer whose value it is about", () => {
  const store = offered();
  startWalk(store);
  const work = [{ values: { 意向产品: ["AI"] } }, { values: { 意向产品: ["CRM"] } }];
  const entry = /** @type {any} */ ({ chat: { chat: 6 }, work });
  assert.deepEqual(placeInWalk(store, entry), { customer: 1, field: "意向产品" });
  assert.equal(placeInWalk(store, /** @type {any} */ ({ chat: { chat: 5 }, work })), null);
  assert.equal(placeInWalk(store, null), null);
});

test("what was put away stays away for this person and dataset, until it is brought back", () => {
  const store = offered();
  const kept = storage();
  const away = makePutAway(kept, store);
  assert.equal(away.has(ECHO), false);
  away.add(ECHO);
  assert.equal(makePutAway(kept, store).has(ECHO), true);
  assert.equal(away.has({ ...ECHO, now: ["AI"] }), false);
  store.reviewer = "周岚";
  assert.equal(away.has(ECHO), false);
  store.reviewer = "林晓";
  away.remove(ECHO);
  assert.equal(away.has(ECHO), false);
  away.add(ECHO);
  assert.equal(away.clear(), 1);
  assert.equal(away.clear(), 0);
  kept.setItem("shiyao:echo-away:3:林晓", "no JSON");
  assert.equal(away.has(ECHO), false);
});
