// @ts-check
// Which fields are worth doubting, and which of a customer's rows stay in sight while only those are shown. Pure.
/** @import { Entry, FormPayload, Place, WorkCustomer } from "./types.js" */
import { arrived, dissent, openWarnings, remarks, surenessText } from "./advice.js";
import { comparedText } from "./compared.js";
import { confirmationOf } from "./model.js";
import { rememberLast } from "./remember.js";
import { UNSEEN } from "./values.js";

/**
 * The fields worth doubting, customer after customer, in the form's order: a delta review asks about them, a check remarks
 * on them, or nobody confirmed them and another run says something else, or points can be expected to be lost.
 * @type {(entry: Entry, form: FormPayload) => Place[]}
 */
export const doubtsOf = rememberLast(
  (entry, form) => [entry.work, entry.settled, entry.chat, form],
  (entry, form) => {
    const told = new Set(remarks(entry, form).map((remark) => `${remark.index}:${remark.key}`));
    const places = entry.work.flatMap((_, index) => form.fields.map(({ key }) => ({ index, key })));
    return places.filter(({ index, key }) => {
      const customer = entry.work[index];
      if (key in (customer.delta ?? {})) return true;
      if (told.has(`${index}:${key}`)) return true; // remarks that somebody has answered are none
      return confirmationOf(customer, key) === UNSEEN && isContested(entry, customer, key);
    });
  },
);

/**
 * Whether a field is marked as one about which another run says something else, or its points can be expected to be lost.
 * @param {Entry} entry
 * @param {WorkCustomer} customer
 * @param {string} key
 */
function isContested(entry, customer, key) {
  if (dissent(customer, key)) return true; // as marked: what every second run differs about says nothing
  return !!arrived(entry, customer)?.doubts?.includes(key) && surenessText(entry, customer, key) !== "";
}

/**
 * The next doubt after a place, and around to that place itself; null where there is none.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {number} index
 * @param {string} key
 */
export function nextDoubt(entry, form, index, key) {
  const rank = new Map(form.fields.map((field, number) => [field.key, number]));
  const place = (rank.get(key) ?? -1) + index * form.fields.length;
  const isAfter = (/** @type {Place} */ one) => one.index * form.fields.length + (rank.get(one.key) ?? 0) > place;
  const doubts = doubtsOf(entry, form);
  return doubts.find(isAfter) ?? doubts[0] ?? null;
}

/**
 * Whether a customer's fields fold: not where no run filled them, for then there is nothing that they agree with, and a
 * person has to go through all of them.
 * @param {WorkCustomer} customer
 */
export function mayFold({ baseline }) {
  return baseline !== null;
}

/**
 * Whether it is known how sure the run is of any of a chat's values: without that, only checks and other runs doubt.
 * @param {Entry} entry
 */
export function isSurenessKnown(entry) {
  return entry.chat.customers.some((customer) => Object.keys(customer.sure ?? {}).length > 0);
}

/**
 * Whether something is known to have been compared with the run's values: how sure they are, or another run or labels
 * that speak of a customer. Else a field without a doubt is only one that no check remarks on.
 * @param {Entry} entry
 */
export function isCompared(entry) {
  return isSurenessKnown(entry) || comparedText(entry) !== "";
}

/**
 * How many of a chat's doubts stop its approval once: those that a check warns of, or that a delta review asks about.
 * @param {Entry} entry
 * @param {FormPayload} form
 */
export function stoppingDoubts(entry, form) {
  const warned = new Set(openWarnings(entry, form).map(({ index, key }) => `${index}:${key}`));
  return doubtsOf(entry, form).filter(
    ({ index, key }) => warned.has(`${index}:${key}`) || key in (entry.work[index].delta ?? {}),
  ).length;
}

/**
 * Which doubts stop an approval and which do not, for the tooltip of their count.
 * @param {number} count
 * @param {number} stopping
 */
export function stopsText(count, stopping) {
  if (!count) return "";
  const rest = count - stopping;
  const stops = stopping ? `⚠ ${stopping} 处：确认时先停在那里，再按一次照样确认。` : "";
  return `${stops}${rest ? `${stopping ? "其余 " : ""}${rest} 处（≠、提示、把握低）不拦确认。` : ""}`;
}
