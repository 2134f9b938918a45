// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { inChinese } from "../../core/ui/js/streamlit_words.js";

const nowhere = () => false;
const inside = (/** @type {string} */ name) => (/** @type {string} */ selector) => selector.includes(name);

test("Streamlit's own sentences are Chinese wherever they stand", () => {
  assert.equal(inChinese("Choose an option", nowhere, true), "请选择");
  assert.equal(inChinese(" No results ", nowhere, false), "没有匹配的选项");
  assert.equal(inChinese("1GB per file", nowhere, false), "每个文件不超过 1GB");
  assert.equal(
    inChinese("Number is outside the allowed range. Please enter a value between 1 and 28.", nowhere, false),
    "请填 1 到 28 之间的数。",
  );
  assert.match(
    inChinese("Streamlit server is not responding. Are you connected to the internet?", nowhere, false),
    /改动都在本机，恢复后自动保存/,
  );
});

test("one word is Streamlit's only inside what Streamlit draws", () => {
  assert.equal(inChinese("Open", inside("stSelectbox"), true), "展开选项");
  assert.equal(inChinese("Open", nowhere, false), "Open");
  assert.equal(inChinese("Search", inside("stDataFrame"), true), "查找");
  assert.equal(inChinese("Close", inside("dialog"), true), "关闭");
});

test("labels with a name in them keep the name; a text that looks like one is left alone", () => {
  assert.equal(inChinese("Remove 示例 模型", nowhere, true), "去掉 示例 模型");
  assert.equal(inChinese("Help for 对照", nowhere, true), "对照：说明");
  assert.equal(
    inChinese("X-axis titled '得分（满分 36）' for a linear scale with values from 9 to 36", nowhere, true),
    "横轴：得分（满分 36）",
  );
  assert.equal(inChinese("Y-axis for a discrete scale with 2 values: half, rules", nowhere, true), "纵轴：half, rules");
  assert.equal(inChinese("Symbol legend for fill color with 2 values: 修好, 改坏", nowhere, true), "图例：修好, 改坏");
  assert.equal(inChinese("Page 12", nowhere, true), "第 12 页");
  assert.equal(inChinese("Remove me", nowhere, false), "Remove me");
});

test("names of objects' own parts are no words", () => {
  for (const text of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
    assert.equal(
      inChinese(text, () => true, true),
      text,
    );
  }
});

test("what is not Streamlit's stays as it is", () => {
  for (const text of ["", "客户 Ada", "OK", "Ada Lovelace", "run-2", "file.json"]) {
    assert.equal(
      inChinese(text, () => true, true),
      text,
    );
  }
});
