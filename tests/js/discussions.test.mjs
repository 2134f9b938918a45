// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { newStops } from "../../core/ui/workbench/js/advice.js";
import {
  discussionAt,
  discussionCount,
  discussionMark,
  discussionStops,
  discussionsLeft,
  discussionTitle,
  isOfSeveral,
  mentionAt,
  newsOfDiscussions,
  nextDiscussion,
  placeOfDiscussion,
} from "../../core/ui/workbench/js/discussions.js";
import { releaseDrafts } from "../../core/ui/workbench/js/journal.js";
import { makeEntry } from "../../core/ui/workbench/js/model.js";
import { draftName, makeRemarks } from "../../core/ui/workbench/js/remarks.js";
import { makeStore } from "../../core/ui/workbench/js/state.js";
import { chat, customer, FORM, storage as memory, soon } from "./fixtures.mjs";

/**
 * @param {number} id
 * @param {Record<string, unknown>} [more]
 * @returns {any}
 */
function talk(id, more = {}) {
  const turn = {
    id: id * 10,
    step: "评论",
    who: "林晓",
    at: "2026-11-29T10:00:00Z",
    text: "问",
    edited: false,
    deleted_by: "",
  };
  const place = { customer: 0, customer_name: "甲", field: "电话" };
  const state = {
    opened_by: "林晓",
    resolved_by: "",
    awaits_me: false,
    is_mine: false,
    is_own: false,
    earlier: 0,
    turns: [turn],
  };
  return { id, ...place, ...state, ...more };
}

/** @param {...any} discussions */
function entryWith(...discussions) {
  const entry = makeEntry(chat(1, { customers: [customer(), customer({ 姓名: "乙" })] }));
  entry.discussions = discussions;
  return entry;
}

test("a discussion goes with its customer's name, then with the position", () => {
  const entry = entryWith(
    talk(1),
    talk(2, { customer_name: "乙" }),
    talk(3, { customer: null }),
    talk(4, { customer: 7 }),
  );
  const places = (entry.discussions ?? []).map((one) => placeOfDiscussion(entry, FORM, one)?.index ?? null);
  assert.deepEqual(places, [0, 1, null, 0]);
  entry.discussions = [talk(5, { customer: 7, customer_name: "丙" })];
  assert.equal(placeOfDiscussion(entry, FORM, entry.discussions[0]), null);
});

test("of two customers of one name each has their own discussion", () => {
  const entry = makeEntry(chat(1, { customers: [customer({ 姓名: "张伟" }), customer({ 姓名: "张伟" })] }));
  entry.discussions = [talk(1, { customer_name: "张伟" }), talk(2, { customer: 1, customer_name: "张伟" })];
  assert.equal(discussionAt(entry, FORM, { index: 0, key: "电话" })?.id, 1);
  assert.equal(discussionAt(entry, FORM, { index: 1, key: "电话" })?.id, 2);
  assert.ok(isOfSeveral(entry, FORM, 1));
  assert.ok(!isOfSeveral(entryWith(), FORM, 1));
});

test("a discussion whose customer is gone or renamed is nobody else's", () => {
  const entry = makeEntry(chat(1, { customers: [customer({ 姓名: "乙" })] }));
  const one = talk(1, { customer_name: "甲" });
  entry.discussions = [one, talk(2, { customer: 3, customer_name: "" })];
  assert.equal(placeOfDiscussion(entry, FORM, one), null);
  assert.equal(discussionAt(entry, FORM, { index: 0, key: "电话" }), null);
  assert.equal(discussionAt(entry, FORM, null), null, "nor is it one about the whole chat");
  assert.deepEqual(
    entry.discussions.map((other) => discussionTitle(entry, FORM, other)),
    ["整条群聊 · 原客户 甲 · 电话", "整条群聊 · 原客户 4 · 电话"],
  );
  assert.equal(nextDiscussion(entry, 0)?.id, 1, "it is still reached");
  const nameless = makeEntry(chat(1, { customers: [customer({ 姓名: "" })] }));
  assert.equal(placeOfDiscussion(nameless, FORM, one), null);
});

test("of several at a place the open one is shown, then the newest", () => {
  const entry = entryWith(talk(1), talk(2, { resolved_by: "王芳" }), talk(3, { customer: null, field: "" }));
  assert.equal(discussionAt(entry, FORM, { index: 0, key: "电话" })?.id, 1);
  assert.equal(discussionAt(entry, FORM, null)?.id, 3);
  assert.equal(discussionAt(entry, FORM, { index: 1, key: "电话" }), null);
  assert.equal(nextDiscussion(entry, 1)?.id, 3);
  assert.equal(nextDiscussion(entry, 3)?.id, 1);
  assert.equal(nextDiscussion(entryWith(talk(1)), 1), null);
});

test("what is open is counted, and stops an approval where it waits for the reviewer or is theirs", () => {
  const own = talk(2, { customer: null, field: "", is_own: true });
  const entry = entryWith(talk(1, { awaits_me: true }), own, talk(3, { resolved_by: "王芳" }));
  assert.equal(discussionCount(entry), "讨论 2 · @我 1");
  assert.deepEqual(
    discussionStops(entry, FORM).map(({ index, key }) => [index, key]),
    [[0, "电话"]],
  );
  assert.deepEqual(discussionMark(entry, FORM, { index: 0, key: "电话" }).text, "讨论 1");
  assert.deepEqual(discussionMark(entry, FORM, { index: 0, key: "明细" }).text, "");
  assert.equal(discussionCount(null), "");
  assert.equal(discussionTitle(entry, FORM, own), "整条群聊");
  const gone = entryWith(talk(1, { field: "不在表单里", awaits_me: true }));
  assert.deepEqual(discussionStops(gone, FORM)[0].key, "姓名", "a field that is gone leads to the name");
});

test("others' discussions are told of and stop nothing, those that wait come before one's own", () => {
  const own = talk(3, { customer: null, field: "", is_own: true, is_mine: true });
  const entry = entryWith(talk(1), talk(2, { is_mine: true, field: "明细" }), own, talk(4, { awaits_me: true }));
  const stops = discussionStops(entry, FORM);
  assert.deepEqual(
    stops.map(({ key, isTalk }) => [key, isTalk]),
    [
      ["电话", true],
      ["明细", true],
    ],
  );
  assert.match(stops[0].text, /在等您回复/);
  assert.match(stops[1].text, /^您提的/);
  assert.equal(discussionsLeft(entry), "还有 3 处讨论没有解决；您提的讨论一并解决");
  assert.equal(discussionsLeft(entryWith(talk(1, { resolved_by: "王芳" }))), "");
});

test("what was just said counts before it has an answer", () => {
  const entry = entryWith(talk(1, { awaits_me: true }), talk(2, { resolved_by: "王芳", is_mine: true, field: "明细" }));
  const said = { id: "r", chat: 1, customer: 0, customer_name: "甲", field: "类型", text: "问", target: 0 };
  const one = { ...said, discussion: 0, kind: "评论", reviewer: "王芳", seen_open: true };
  entry.said = /** @type {any} */ ([
    { ...one, discussion: 1, kind: "解决" },
    { ...one, discussion: 2, kind: "重开" },
    one,
    { ...one, id: "s", text: "再问" },
  ]);
  assert.deepEqual(
    discussionStops(entry, FORM).map(({ key }) => key),
    ["明细", "类型"],
  );
  assert.match(discussionStops(entry, FORM)[1].text, /^您刚提的/);
  assert.equal(discussionCount(entry), "讨论 1");
});

test("a discussion in which somebody has gone on stops an approval again", () => {
  const before = talk(1, { awaits_me: true });
  const entry = entryWith(before);
  const from = { index: 0, key: "姓名" };
  const shown = newStops(entry, FORM, from).filter(({ isTalk }) => isTalk);
  entry.shown = shown.map(({ id }) => id);
  assert.deepEqual(
    newStops(entry, FORM, from).filter(({ isTalk }) => isTalk),
    [],
  );
  entry.discussions = [{ ...before, turns: [...before.turns, { ...before.turns[0], id: 11, text: "再问一次" }] }];
  assert.equal(newStops(entry, FORM, from).filter(({ isTalk }) => isTalk).length, 1);
});

test("a mention is completed from known names", () => {
  const people = ["王芳", "王芳芳", "Lin"];
  assert.deepEqual(mentionAt("请 @王", 4, people), { start: 2, names: ["王芳", "王芳芳"] });
  assert.deepEqual(mentionAt("@l", 2, people), { start: 0, names: ["Lin"] });
  for (const text of ["a@l", "@nobody", "@lin", "@王芳芳", "没有", "@王芳 好"])
    assert.equal(mentionAt(text, text.length, people), null);
});

test("what somebody else did is said, one's own is not", () => {
  const before = [talk(1)];
  const turn = { ...before[0].turns[0], id: 11, who: "何静" };
  const entry = entryWith(talk(1, { turns: [...before[0].turns, turn] }));
  assert.equal(newsOfDiscussions(entry, FORM, before, "王芳"), "何静 在「甲 · 电话」里写了评论");
  assert.equal(newsOfDiscussions(entry, FORM, before, "何静"), "");
  entry.discussions = [talk(1, { resolved_by: "何静", turns: [...before[0].turns, { ...turn, step: "解决" }] })];
  assert.equal(newsOfDiscussions(entry, FORM, before, "王芳"), "何静 解决了「甲 · 电话」的讨论");
});

/**
 * What one person says on one page.
 * @param {ReturnType<typeof memory>} [storage]
 * @param {string} [id] of the page
 * @param {string[]} [open] pages
 */
function said(storage = memory(), id = "", open = []) {
  const store = { ...makeStore(), reviewer: "王芳", dataset: { id: 1, name: "d" } };
  const pages = { id, openOf: async () => new Set(open) };
  const remarks = makeRemarks(store, { tell() {}, storage, clock: () => 0, pages });
  remarks.restore();
  return remarks;
}

/** @param {Record<string, unknown>} more @returns {any} */
const remark = (more) => ({ id: "r1", chat: 1, discussion: 0, customer: 0, field: "电话", text: "问", ...more });

test("a text that is refused comes back to its own discussion, whatever it was", () => {
  for (const kind of ["评论", "解决", "重开", "修改"]) {
    const remarks = said();
    const name = draftName(1, 4, null);
    remarks.add(remark({ kind, discussion: 4, text: "我的理由" }));
    remarks.keepDraft(name, "下一句");
    remarks.settle([{ id: "r1", result: "refused", why: "满了", discussion: 0 }]);
    remarks.keepDraft(name, "下一句写完"); // the box was in use
    assert.equal(remarks.takeUp(draftName(2, 5, null)), "", "not to another chat's");
    assert.equal(remarks.takeUp(name), "下一句写完\n我的理由");
    remarks.keepDraft(name, "");
    assert.equal(remarks.takeUp(name), "");
  }
});

test("what was typed before somebody else opened the discussion is found in it", () => {
  const remarks = said();
  const place = { index: 0, key: "电话" };
  remarks.keepDraft(draftName(1, 0, place), "写了一半");
  remarks.add(remark({ text: "没发出" }));
  remarks.settle([{ id: "r1", result: "refused", why: "", discussion: 0 }]);
  const names = [draftName(1, 4, place), draftName(1, 0, place)];
  assert.equal(remarks.takeUp(names[0], names), "写了一半\n没发出");
  assert.equal(remarks.takeUp(names[1]), "", "it is there once");
});

test("what is said is kept until it is answered, and sent again", () => {
  const kept = memory();
  /** @type {any[]} */
  const told = [];
  let now = 0;
  const store = { ...makeStore(), reviewer: "王芳", dataset: { id: 1, name: "d" } };
  const make = () => makeRemarks(store, { tell: (list) => told.push(list.length), storage: kept, clock: () => now });
  const remarks = make();
  remarks.restore();
  /** @type {any} */
  const one = { id: "r1", text: "问" };
  remarks.add(one);
  remarks.keepDraft("place", "写了一半");
  remarks.retry();
  now = 11_000;
  remarks.retry();
  assert.deepEqual(told, [1, 1]);
  const again = make();
  again.restore();
  assert.deepEqual([told.length, again.takeUp("place")], [3, "写了一半"]);
  assert.equal(again.settle([{ id: "r1", result: "saved", why: "", discussion: 4 }]).length, 1);
  assert.deepEqual(again.settle([{ id: "r1", result: "saved", why: "", discussion: 4 }]), []);
  again.keepDraft("place", "");
  assert.equal(kept.items.size, 0);
});

test("two pages never write over one another's remarks and drafts", async () => {
  const storage = memory();
  const [first, second] = [said(storage, "a", ["a", "b"]), said(storage, "b", ["a", "b"])];
  first.add(remark({ id: "r1" }));
  first.keepDraft("place", "第一页");
  second.keepDraft("place", "第二页");
  second.add(remark({ id: "r2" }));
  const third = said(storage, "c", ["a", "b"]);
  await soon();
  assert.deepEqual([third.takeUp("place"), third.waiting()], ["", []], "both are open");
  releaseDrafts(/** @type {any} */ (storage), "a");
  const fourth = said(storage, "d", ["b"]);
  assert.deepEqual([fourth.takeUp("place"), fourth.waiting().map(({ id }) => id)], ["第一页", ["r1"]]);
  const fifth = said(storage, "e", ["d"]);
  await soon();
  assert.deepEqual([fifth.takeUp("place"), fifth.waiting().map(({ id }) => id)], ["第二页", ["r2"]], "b has crashed");
  assert.equal(storage.items.size, 2);
});

test("what lies there of the time before pages had ids comes back", () => {
  const storage = memory();
  const before = said(storage);
  before.add(remark({}));
  before.keepDraft("place", "旧的");
  const now = said(storage, "a");
  assert.deepEqual([now.takeUp("place"), now.waiting().length, storage.items.size], ["旧的", 1, 1]);
});
