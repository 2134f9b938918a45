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
  return inWords(names, hasLabels);
}

/**
 * Whose words make doubts, beside checks: all who are compared, and labels that say something else, though they vouch for
 * nothing in a dataset with planted errors.
 * @param {Entry} entry
 */
export function doubtersText(entry) {
  const names = new Set(entry.work.flatMap((customer) => arrived(entry, customer)?.compared ?? []));
  const others = entry.work.flatMap((customer) => Object.values(arrived(entry, customer)?.others ?? {}).flat());
  const hasLabels = names.delete(LABELS) || others.some((one) => one.who.includes(LABELS));
  return inWords(names, hasLabels);
}

/** @type {(runs: Set<string>, hasLabels: boolean) => string} */
function inWords(names, hasLabels) {
  const runs = names.size ? `另 ${names.size} 个抽取任务` : "";
  return [hasLabels ? LABELS : "", runs].filter(Boolean).join("和");
}
