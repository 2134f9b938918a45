// @ts-check
// What is said of the columns of a table that are out of sight.

/** Pixels of a table or column that may be out of sight without being missed. */
const SLACK = 12;
/** Pixels of a column from which it is seen to be there, though it is cut. */
const SEEN = 40;

/**
 * What is said of the columns that are out of sight, or cut, at the sides of a table.
 * @param {{ title: string, left: number, width: number }[]} columns that scroll, from the left
 * @param {{ left: number, right: number }} seen what of their room is in sight
 * @param {number} most names that there is room for; of more columns their number is said
 * @returns {[string, string]} at the left, at the right; empty where all is in sight
 */
export function hiddenColumns(columns, seen, most) {
  const before = columns.filter(({ left }) => left < seen.left - SLACK);
  const after = columns.filter(({ left, width }) => left + width > seen.right + SLACK);
  const isCut = after.length === 1 && after[0].left + SEEN <= seen.right;
  const isNamed = after.length <= most && after.every(({ title }) => title);
  const names = isNamed ? `：${after.map(({ title }) => title).join("、")}` : "";
  const right = isCut ? `「${after[0].title}」没有显示全 →` : `右边还有 ${after.length} 列${names} →`;
  return [before.length ? `← 左边还有 ${before.length} 列` : "", after.length ? right : ""];
}
