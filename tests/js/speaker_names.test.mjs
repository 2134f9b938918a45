// @ts-check
// A speaker's name stands on one line: of a long one, the middle gives way.
import assert from "node:assert/strict";
import test from "node:test";
import { nameOnOneLine } from "../../core/ui/workbench/js/messages.js";

test("a name that has room is whole, of a longer one beginning and end are kept", () => {
  for (const name of ["", "小何", "客服-小叶东", "WANG MING"]) assert.deepEqual(nameOnOneLine(name), [name, ""]);
  assert.deepEqual(nameOnOneLine("上海浦东新区老客户王小明2"), ["上海浦东新区老客户", "王小明2"]);
  const family = "👨‍👩‍👧";
  const [start, end] = nameOnOneLine(`一位名字很长很长的客户${family}`);
  assert.ok(end.endsWith(family) && `${start}${end}`.endsWith(`客户${family}`), "no sign is torn");
});
