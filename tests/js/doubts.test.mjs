// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { comparedText, doubtersText } from "../../core/ui/workbench/js/compared.js";
import { leftText, makeDoubtMode, nothingLeftText } from "../../core/ui/workbench/js/doubt_mode.js";
import { makeDoubtPace } from "../../core/ui/workbench/js/doubt_pace.js";
import {
  doubtsOf,
  isSurenessKnown,
  mayFold,
  nextDoubt,
  stoppingDoubts,
  stopsText,
} from "../../core/ui/workbench/js/doubts.js";
import { confirmField, confirmRest, editField, makeEntry } from "../../core/ui/workbench/js/model.js";
import { makeSave } from "../../core/ui/workbench/js/outbox.js";
import { chat, customer, FORM, storage } from "./fixtures.mjs";

const NOWHERE = { 电话: { status: "无依据", evidence: [], messages: [] } };
const OTHER = { others: { 类型: [{ value: ["询价"], who: ["另一次"] }] } };

/** Two customers: a number that nobody said, and a choice that another run sees otherwise. */
function doubtful() {
  const customers = [customer({ 电话: "138" }, { marks: NOWHERE }), customer({ 姓名: "乙" }, OTHER)];
  return makeEntry(chat(1, { customers }));
}

test("doubts stand in the form's order, customer after customer, and are walked around", () => {
  const entry = doubtful();
  const [first, second] = [
    { index: 0, key: "电话" },
    { index: 1, key: "类型" },
  ];
  assert.deepEqual(doubtsOf(entry, FORM), [first, second]);
  assert.deepEqual(nextDoubt(entry, FORM, 0, "电话"), second);
  assert.deepEqual(nextDoubt(entry, FORM, 1, "类型"), first);
  confirmField(entry, 0, "电话", 0);
  assert.deepEqual(nextDoubt(entry, FORM, 1, "类型"), second, "the one where somebody stands is found last");
  confirmField(entry, 1, "类型", 0);
  assert.equal(nextDoubt(entry, FORM, 0, "姓名"), null);
});

test("what another run says is no doubt once the field is confirmed, one by one or with the whole chat", () => {
  const entry = doubtful();
  confirmRest(entry, FORM, 0);
  assert.deepEqual(doubtsOf(entry, FORM), [{ index: 0, key: "电话" }], "a warning stays: it was not answered");
});

test("what another run says is a doubt where it is marked, and none where so much differs that it says nothing", () => {
  const of = (/** @type {Record<string, unknown>} */ dissent) =>
    doubtsOf(makeEntry(chat(1, { customers: [customer({}, { ...OTHER, dissent })] })), FORM);
  assert.deepEqual(of({ 类型: { differ: 1, of: 1 } }), [{ index: 0, key: "类型" }]);
  assert.deepEqual(of({}), []);
});

test("which doubts stop an approval is said with their count", () => {
  const entry = doubtful();
  assert.equal(stoppingDoubts(entry, FORM), 1);
  assert.equal(stopsText(2, 1), "⚠ 1 处：确认时先停在那里，再按一次照样确认。其余 1 处（≠、提示、把握低）不拦确认。");
  assert.equal(stopsText(2, 0), "2 处（≠、提示、把握低）不拦确认。");
  assert.equal(stopsText(0, 0), "");
});

test("labels that vouch for nothing are named where they say something else", () => {
  const differ = { compared: ["甲"], others: { 类型: [{ value: ["询价"], who: ["标注"] }] } };
  const entry = makeEntry(chat(1, { customers: [customer({}, differ)] }));
  assert.deepEqual([comparedText(entry), doubtersText(entry)], ["另 1 个抽取任务", "标注和另 1 个抽取任务"]);
  assert.equal(doubtersText(makeEntry(chat(1, { customers: [customer({}, { compared: [] })] }))), "");
});

test("what values are compared with is named: labels, one run or several", () => {
  const seen = (/** @type {string[][]} */ ...compared) =>
    comparedText(makeEntry(chat(1, { customers: compared.map((names) => customer({}, { compared: names })) })));
  assert.equal(seen([]), "");
  assert.equal(seen(["标注"]), "标注");
  assert.equal(seen(["甲"], ["甲", "乙"]), "另 2 个抽取任务");
  assert.equal(seen(["甲", "标注"]), "标注和另 1 个抽取任务");
});

test("what a delta review asks about is a doubt, confirmed or not", () => {
  const confirmed = { 姓名: "逐项确认", 电话: "逐项确认", 类型: "逐项确认", 明细: "逐项确认" };
  const entry = makeEntry(chat(1, { customers: [customer({}, { confirmed, delta: { 明细: "别的" } })] }));
  assert.deepEqual(doubtsOf(entry, FORM), [{ index: 0, key: "明细" }]);
});

test("a name that somebody emptied is a doubt though every edit counts as confirmed", () => {
  const entry = makeEntry(chat(1, { customers: [customer({ 电话: "138" })] }));
  assert.deepEqual(doubtsOf(entry, FORM), []);
  editField(entry, 0, "姓名", "", 0);
  assert.deepEqual(doubtsOf(entry, FORM), [{ index: 0, key: "姓名" }]);
});

test("doubts of the confidence count while the value is the run's, and only where it is known", () => {
  const unsure = customer({ 明细: "两期" }, { sure: { 明细: 40 }, doubts: ["明细"] });
  const entry = makeEntry(chat(1, { customers: [unsure] }));
  assert.ok(isSurenessKnown(entry));
  assert.deepEqual(doubtsOf(entry, FORM), [{ index: 0, key: "明细" }]);
  assert.ok(!isSurenessKnown(doubtful()));
});

test("rows that were in sight stay there, one that somebody is led to comes, and all do where no run speaks", () => {
  const mode = makeDoubtMode(storage());
  const entry = doubtful();
  const inSight = (/** @type {number} */ index, key = "") => mode.keysInSight(entry, FORM, index, key);
  const all = FORM.fields.map((field) => field.key);
  mode.take("林晓");
  assert.deepEqual(inSight(0), all);
  mode.toggle();
  assert.deepEqual([inSight(0), inSight(1)], [["电话"], ["类型"]]);
  assert.deepEqual(inSight(0, "明细"), ["电话", "明细"]);
  assert.deepEqual(inSight(0), ["电话"], "only drawn for another customer: nobody was there");
  mode.keep(entry.work[0].uid, "明细");
  confirmField(entry, 0, "电话", 0);
  assert.deepEqual(inSight(0), ["电话", "明细"]);
  mode.turn(entry.work[0].uid);
  assert.deepEqual(inSight(0), all);
  mode.turn(entry.work[0].uid);
  mode.leaveChat();
  assert.deepEqual(inSight(0, "姓名"), ["姓名"]);
  const byHand = makeEntry(chat(2, { customers: [customer({}, { baseline: null })] }));
  assert.ok(!mayFold(byHand.work[0]));
  assert.deepEqual(mode.keysInSight(byHand, FORM, 0), all);
});

test("each reviewer finds the mode as they left it, and a browser that keeps nothing has it off", () => {
  const kept = storage();
  const mode = makeDoubtMode(kept);
  mode.take("林晓");
  mode.toggle();
  mode.take("周宁");
  assert.equal(mode.isOn(), false);
  mode.take("林晓");
  assert.equal(mode.isOn(), true);
  const refused = () => {
    throw new Error("no storage");
  };
  const without = makeDoubtMode({ ...kept, getItem: refused, setItem: refused, removeItem: refused });
  without.take("林晓");
  without.toggle();
  assert.equal(without.isOn(), true);
});

test("the time of the rest is the median of one's own stays, each at most a minute, and not said before there are five", () => {
  const at = { now: 0 };
  const kept = storage();
  const pace = makeDoubtPace(kept, () => at.now);
  /** @type {(place: string, seconds: number) => void} */
  const stay = (place, seconds) => {
    pace.at("林晓", place);
    at.now += seconds * 1000;
    pace.at("林晓", "");
  };
  for (const seconds of [2, 4, 6]) stay(`1:${seconds}`, seconds);
  stay("1:2", 1); // somebody comes back to it: one stay of three seconds
  pace.leave();
  assert.equal(pace.secondsEach("林晓"), null);
  stay("2:a", 1000);
  stay("2:b", 5);
  pace.leave();
  assert.equal(pace.secondsEach("林晓"), 5);
  assert.equal(pace.secondsEach("周宁"), null);
  assert.deepEqual(JSON.parse(kept.getItem("shiyao:doubt-pace:林晓") ?? ""), [3, 4, 6, 60, 5]);
  kept.setItem("shiyao:doubt-pace:林晓", "{}");
  assert.equal(pace.secondsEach("林晓"), null);
});

test("what is left is said in a few words", () => {
  assert.equal(leftText(3, 4), "还有 3 处，约 12 秒");
  assert.equal(leftText(3, null), "还有 3 处");
  const entry = makeEntry(chat(1));
  assert.match(nothingLeftText(entry), /没有疑点了：Ctrl\+Enter 确认并下一条/);
  const missed = [{ id: "m:0", key: "电话", value: "139", message: 0, customer: 0 }];
  assert.match(nothingLeftText(makeEntry(chat(1, { missed }))), /聊天里还有 1 处没填/);
});

test("fields that were folded away all the time are named with a decision, what was opened once is not", () => {
  const mode = makeDoubtMode(storage());
  const entry = makeEntry(
    chat(1, { customers: [customer({ 明细: "两期" }, { sure: { 明细: 40 }, doubts: ["明细"] })] }),
  );
  const away = (/** @type {string} */ key) => mode.neverShown(entry, FORM, { index: 0, key });
  mode.take("林晓");
  assert.deepEqual(away("姓名"), []);
  mode.toggle();
  assert.deepEqual(away("姓名"), [], "all of it was in sight before");
  mode.leaveChat();
  assert.deepEqual(away("姓名"), ["电话", "类型"]);
  mode.keep(entry.work[0].uid, "类型");
  assert.deepEqual(away("姓名"), ["电话"]);
  mode.turn(entry.work[0].uid);
  mode.turn(entry.work[0].uid);
  assert.deepEqual(away("姓名"), [], "the fold was open");
  entry.folded = ["电话"];
  const save = makeSave(entry, FORM, { id: "a", status: "已确认", reviewer: "林晓", review: "primary", now: 1 });
  assert.deepEqual(save.folded, ["电话"]);
  const next = makeSave(entry, FORM, { id: "b", status: "草稿", reviewer: "林晓", review: "primary", now: 2 });
  assert.equal(next.folded, undefined);
});
