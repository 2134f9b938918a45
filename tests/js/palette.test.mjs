// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { fold, makeMatcher, wordsOf } from "../../core/ui/js/palette_match.js";
import { chatItems, itemsOf, joinItems, makeSearch, unasked, withChats } from "../../core/ui/js/palette_search.js";

/** @type {Record<string, string>} */
const READINGS = Object.fromEntries(
  Object.entries({
    意: "yi",
    向: "xiang",
    产: "chan",
    品: "pin",
    重: "zhong chong tong",
    要: "yao",
    银: "yin",
    行: "xing hang heng",
    音: "yin",
    乐: "le yue",
    会: "hui kuai",
    议: "yi",
    记: "ji",
    录: "lu",
    表: "biao",
    总: "zong",
    览: "lan",
    对: "dui",
    比: "bi",
    评: "ping",
    分: "fen",
    标: "biao",
    注: "zhu",
    规: "gui",
    范: "fan",
    安: "an",
    那: "na nei",
    阿: "a e",
  }),
);
const { pointsOf } = makeMatcher(new Map(Object.entries(READINGS).map(([one, read]) => [one, read.split(" ")])));
const points = (/** @type {string} */ name, /** @type {string} */ word) => pointsOf([...fold(name)], fold(word));
/** @type {import("../../core/ui/js/palette_search.js").Names} */
const NAMES = {
  pages: [
    { address: "overview", title: "总览", group: "" },
    { address: "compare", title: "对比", group: "质量" },
    { address: "records", title: "记录表", group: "审阅" },
  ],
  parts: [{ title: "标注总览", page: "对比", address: "compare", view: "标注" }],
  datasets: [
    { id: 7, name: "会议 test", form: "roles" },
    { id: 3, name: "银行 5 月", form: "roles" },
    { id: 2, name: "CRM 31 号", form: "gone" },
  ],
  runs: [{ id: 9, name: "spark-v2 重要", dataset: 3 }],
  fields: { roles: [{ key: "意向产品", label: "意向产品", group: "咨询" }] },
  readings: READINGS,
};
const { search, chatsAskedFor } = makeSearch(READINGS);
const listed = (/** @type {string} */ query, items = itemsOf(NAMES, "7")) =>
  search(query, items).flatMap(({ items: some }) => some.map(({ id }) => id));

test("a name is found by first letters, by whole readings, by both mixed, and as it stands", () => {
  for (const word of ["yxcp", "yixiangchanpin", "yixcp", "yxchanp", "意向", "向产品", "YXCP", "ｙｘｃｐ"])
    assert.ok(points("意向产品", word) > 0, word);
  for (const word of ["yxpc", "yxcpp", "yixiangchanping", "xyz"]) assert.equal(points("意向产品", word), 0, word);
});

test("what stands on a page is found by its own name, and opens in its view", () => {
  const part = itemsOf(NAMES, "7").find(({ id }) => id === "part:compare:标注总览");
  assert.deepEqual([part?.page, part?.query, part?.context], ["compare", { dataset: "7", view: "标注" }, "对比"]);
  assert.ok(listed("标注总览").includes("part:compare:标注总览"));
});

test("a character with several readings is found by each", () => {
  for (const word of ["zhongyao", "chongyao", "zy", "cy", "zhy"]) assert.ok(points("重要", word) > 0, word);
  for (const word of ["yinhang", "yinxing", "yh", "yx"]) assert.ok(points("银行", word) > 0, word);
  for (const word of ["yinyue", "yinle"]) assert.ok(points("音乐", word) > 0, word);
});

test("signs and spaces inside a name are passed over, and names in Latin letters are found as they are", () => {
  assert.ok(points("会议-记录", "hyjl") > 0);
  assert.ok(points("spark-v2 重要", "sparkv2") > 0);
  assert.ok(points("spark-v2 重要", "v2zy") > 0);
  assert.ok(points("<b>会议</b>", "<b>") > 0);
});

test("what begins a name comes before what stands in it, and a short name before a long one", () => {
  assert.ok(points("对比", "db") > points("一致对比", "db"));
  assert.ok(points("会议", "hy") > points("会议记录表", "hy"));
});

test("a name of ambiguous characters ends soon, whatever is typed", () => {
  const started = performance.now();
  points("安那阿".repeat(20), "an".repeat(40));
  points("安那阿".repeat(20), `${"ana".repeat(20)}q`);
  assert.ok(performance.now() - started < 500);
});

test("a query is cut into words, in one spelling", () => {
  assert.deepEqual(wordsOf("  HY　Te 31 "), ["hy", "te", "31"]);
  assert.deepEqual(wordsOf("   "), []);
});

test("every word has to fit, in the name or in what stands behind it", () => {
  assert.deepEqual(listed("spark yh"), ["run:9"]); // its dataset is 银行
  assert.deepEqual(listed("spark hy"), []);
  assert.deepEqual(listed("yxcp"), ["field:意向产品"]);
  assert.deepEqual(listed("jlb"), ["page:records"]);
});

test("fields are those of the form of the current dataset, and none where its form is gone", () => {
  assert.equal(itemsOf(NAMES, "7").filter(({ kind }) => kind === "字段").length, 1);
  assert.equal(itemsOf(NAMES, "2").filter(({ kind }) => kind === "字段").length, 0);
});

test("a number asks for chats of the datasets that the other words name, else of the current one first", () => {
  assert.deepEqual(chatsAskedFor("hy te 31", NAMES, "3"), { datasets: ["7"], number: "31", words: [] });
  assert.deepEqual(chatsAskedFor("31", NAMES, "3"), { datasets: ["3", "7", "2"], number: "31", words: [] });
  assert.deepEqual(chatsAskedFor("第31条 yh", NAMES, "7"), { datasets: ["3"], number: "31", words: [] });
  assert.deepEqual(chatsAskedFor("第 31 条 yh", NAMES, "7"), { datasets: ["3"], number: "31", words: [] });
  assert.deepEqual(chatsAskedFor("第 31", NAMES, "3")?.number, "31");
  assert.deepEqual(chatsAskedFor("crm 31 4", NAMES, "7"), { datasets: ["2"], number: "4", words: [] });
});

test("Chinese words that name nothing are looked for in the chats of the current dataset, or of those that are named", () => {
  assert.deepEqual(chatsAskedFor("价格", NAMES, "3"), { datasets: ["3"], number: "", words: ["价格"] });
  assert.deepEqual(chatsAskedFor("hy 王女士", NAMES, "3"), { datasets: ["7"], number: "", words: ["王女士"] });
  assert.deepEqual(chatsAskedFor("wj9", NAMES, "3"), { datasets: ["3"], number: "", words: [], letters: "wj9" });
  assert.deepEqual(chatsAskedFor("hy wj9", NAMES, "3"), { datasets: ["7"], number: "", words: [], letters: "wj9" });
  for (const query of ["价", "w", "zzz 31", "", "hy", "wj9 zz"])
    assert.equal(chatsAskedFor(query, NAMES, "3"), null, query);
});

test("without any dataset no chat is asked for, and pages are still found", () => {
  const none = { ...NAMES, datasets: [], runs: [], fields: {} };
  assert.equal(chatsAskedFor("31", none, ""), null);
  assert.deepEqual(listed("db", itemsOf(none, "")), ["page:compare", "part:compare:标注总览"]);
  assert.equal(itemsOf(null, "").length, 0);
});

test("what the page in front offers goes before what leads elsewhere", () => {
  const here = { id: "field:意向产品", kind: "字段", label: "意向产品", context: "", run: () => {} };
  const joined = joinItems([here], itemsOf(NAMES, "7"));
  assert.equal(joined.filter(({ id }) => id === here.id).length, 1);
  assert.equal(joined[0], here);
});

test("before anything is typed, what was picked last stands first, as far as it is still there", () => {
  const sections = unasked(itemsOf(NAMES, "7"), ["chat:7:31", "run:1", "page:compare", "chat:99:1"], NAMES);
  assert.deepEqual(
    sections[0].items.map(({ id }) => id),
    ["chat:7:31", "page:compare"],
  );
  assert.equal(sections[0].items[0].query?.chat, "31");
  assert.ok(!sections[1].items.some(({ id }) => id === "page:compare"));
});

test("chats stand in front where a number was asked for, else behind", () => {
  const chats = chatItems([{ dataset: 7, index: 31, passage: "" }], NAMES);
  const names = search("db", itemsOf(NAMES, "7"));
  assert.equal(withChats(names, chats, true)[0].title, "群聊");
  assert.equal(withChats(names, chats, false).at(-1)?.title, "群聊");
  assert.equal(withChats(names, [], true), names);
});
