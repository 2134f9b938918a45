// @ts-check
// Why a value is what it is: which cell the server is asked about, and its answer while that cell has the focus.
/** @import { FormPayload, Entry, Store } from "./types.js" */
import { entryOf } from "./state.js";

/**
 * A cell as the server is asked about it: chat, the customer's place as it came (-1 where it has none), field.
 * @param {Entry | null | undefined} entry
 * @param {FormPayload} form
 * @param {number} customer
 * @param {string} key
 */
function cellOf(entry, form, customer, key) {
  const place = entry?.work[customer]?.source ?? -1;
  return [entry?.chat.chat ?? 0, place, form.fields.findIndex((field) => field.key === key)];
}

/**
 * @param {number[]} one
 * @param {number[]} other
 */
const isSameCell = (one, other) => one.length === other.length && one.every((part, at) => part === other[at]);

/**
 * What the server said about a cell; it is asked where that was another one. A blind review is told nothing.
 * @param {Store} store
 * @param {number} customer
 * @param {string} key
 * @param {(cell: number[]) => void} ask
 */
export function whyOf(store, customer, key, ask) {
  const { form, why } = store;
  const cell = cellOf(entryOf(store), form, customer, key);
  if (store.review !== "blind" && cell[1] >= 0 && !isSameCell(cell, store.whyAsked)) {
    store.whyAsked = cell;
    ask(cell);
  }
  const number = form.fields.findIndex((field) => field.key === why?.key);
  return why && isSameCell([why.chat, why.customer, number], cell) ? why : null;
}
