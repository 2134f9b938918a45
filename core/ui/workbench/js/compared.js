// @ts-check
// What a customer's values are compared with: labels, one run or several. Pure.
/** @import { Entry, WorkCustomer } from "./types.js" */
import { arrived } from "./advice.js";

/** How the server names the labels among other runs. */
const LABELS = "标注";

/**
 * Who else speaks of one of these customers, in words; empty where nobody does.
 * @param {Entry} entry
 * @param {WorkCustomer[]} [customers]
 */
export function comparedText(entry, customers = entry.work) {
  const names = new Set(customers.flatMap((customer) => arrived(entry, customer)?.compared ?? []));
  const hasLabels = names.delete(LABELS);
  const runs = names.size ? `另 ${names.size} 个抽取任务` : "";
  return [hasLabels ? LABELS : "", runs].filter(Boolean).join("和");
}
