// @ts-check
// What a table says of its columns that are out of sight.
import assert from "node:assert/strict";
import test from "node:test";
import { hiddenColumns } from "../../core/ui/js/hidden_columns.js";

test("a table says which of its columns are out of sight, at the side where they are", () => {
  const columns = ["姓名", "电话", "地区", "生日", "年龄", "性别"].map((title, i) => ({
    title,
    left: i * 100,
    width: 100,
  }));
  assert.deepEqual(hiddenColumns(columns, { left: 0, right: 600 }, 4), ["", ""]);
  assert.deepEqual(hiddenColumns(columns, { left: 0, right: 395 }, 4), ["", "右边还有 2 列：年龄、性别 →"]);
  assert.deepEqual(hiddenColumns(columns, { left: 250, right: 595 }, 4), ["← 左边还有 3 列", ""]);
  assert.deepEqual(hiddenColumns(columns, { left: 0, right: 100 }, 4), ["", "右边还有 5 列 →"]);
});

test("a column of which too little is in sight to be seen is named with those behind it", () => {
  const columns = [
    { title: "完成", left: 175, width: 112 },
    { title: "失败", left: 287, width: 45 },
    { title: "费用", left: 332, width: 70 },
  ];
  assert.deepEqual(hiddenColumns(columns, { left: 0, right: 288 }, 9), ["", "右边还有 2 列：失败、费用 →"]);
  assert.deepEqual(hiddenColumns(columns, { left: 0, right: 334 }, 9), ["", "右边还有 1 列：费用 →"]);
  assert.deepEqual(hiddenColumns(columns, { left: 0, right: 380 }, 9), ["", "「费用」没有显示全 →"]);
  assert.deepEqual(hiddenColumns(columns, { left: 0, right: 395 }, 9), ["", ""]);
});
