// @ts-check
// What the workbench advises beside a field: warnings and hints, other values and who says so, what no form holds. Pure.
/** @import { Alternative, Entry, FormField, FormPayload, Missed, Place, Remark, RunName, Value, WorkCustomer } from "./types.js" */
import { confirmationOf, editField, isChanged, markOf } from "./model.js";
import { isEmpty, isList, ONE_BY_ONE, sameValue, splitItems, valueText } from "./values.js";
import { EVIDENCE } from "./words.js";

/**
 * Whether a value of this field must stand in the chat (texts with many right answers may be told in other words).
 * @param {FormField} field
 */
export function mustStandInText(field) {
  return field.nature === "verbatim" && field.one_right_answer !== false;
}

/**
 * Everything that is said about a customer's fields as they are now: `[{index, key, level, hint, text}]` in the form's
 * order. A remark of the server counts for the value that it was made for; a field that a person confirmed is answered.
 * @param {Entry} entry
 * @param {FormPayload} form
 */
export function remarks(entry, form) {
  /** @type {Remark[]} */
  const found = [];
  entry.work.forEach((customer, index) => {
    if (entry.work.length > 1 && form.fields.every((field) => isEmpty(customer.values[field.key]))) {
      // Whether somebody looked at its fields or not: one form more costs points for nothing.
      const text = `客户 ${index + 1} 一个字段也没有填：请填写或删除，多一张空表会扣分`;
      found.push({ index, key: form.name_field, level: "warning", hint: "空表", text });
      return;
    }
    for (const field of form.fields) {
      const { key } = field;
      if (confirmationOf(customer, key) === ONE_BY_ONE) continue;
      const asServed = customer.marked !== null && sameValue(customer.values[key], customer.marked[key]);
      const told = !asServed
        ? []
        : (entry.chat.warnings ?? []).filter((w) => w.customer === customer.source && w.key === key);
      for (const { level, text } of told)
        found.push({ index, key, level: level === "hint" ? "hint" : "warning", hint: text, text });
      const pinned = (customer.pinned[key] ?? []).length > 0;
      if (told.some((w) => w.level !== "hint") || pinned || !mustStandInText(field)) continue;
      if (markOf(customer, key)?.status === EVIDENCE.MISSING) {
        found.push({
          index,
          key,
          level: "warning",
          hint: "群聊里找不到",
          text: `「${field.label}」在群聊里找不到依据`,
        });
      }
    }
  });
  return found;
}

/**
 * Warnings that nobody has answered: the first approval goes to the first of them.
 * @param {Entry} entry
 * @param {FormPayload} form
 */
export function openWarnings(entry, form) {
  return remarks(entry, form).filter((remark) => remark.level === "warning");
}

/**
 * Values that others give to a field, the run that the workbench started from first: `[{value, who}]`, without what stands there.
 * @param {WorkCustomer} customer
 * @param {string} key
 * @param {RunName | null} run
 */
export function alternatives(customer, key, run) {
  /** @type {Alternative[]} */
  const said = [];
  /** @type {(value: Value, who: string[]) => void} */
  const hear = (value, who) => {
    const known = said.find((one) => sameValue(one.value, value));
    if (known) known.who.push(...who);
    else said.push({ value, who: [...who] });
  };
  if (customer.baseline !== null && isChanged(customer, key)) hear(customer.baseline[key], [run?.name ?? "模型"]);
  for (const { value, who } of customer.others?.[key] ?? []) hear(value, who);
  return said.filter((one) => !sameValue(one.value, customer.values[key]));
}

/**
 * The value after the present one in the round of all that were given to a field; null where all say the same.
 * @param {WorkCustomer} customer
 * @param {string} key
 * @param {RunName | null} run
 */
export function nextAlternative(customer, key, run) {
  /** @type {Alternative[]} */
  const all = [];
  /** @type {(value: Value, who: string[]) => void} */
  const hear = (value, who) => {
    if (!all.some((one) => sameValue(one.value, value))) all.push({ value, who });
  };
  if (customer.baseline !== null) hear(customer.baseline[key], [run?.name ?? "模型"]);
  for (const { value, who } of customer.others?.[key] ?? []) hear(value, who);
  if (!all.length) return null;
  const at = all.findIndex((one) => sameValue(one.value, customer.values[key]));
  const next = all[(at + 1) % all.length];
  return sameValue(next.value, customer.values[key]) ? null : next;
}

/**
 * The next field that is worth doubting, after a place and around: nobody confirmed it one by one, and a check remarks on
 * it or another run says something else. null where there is none.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {number} index
 * @param {string} key
 */
export function nextDoubt(entry, form, index, key) {
  const told = new Set(remarks(entry, form).map((remark) => `${remark.index}:${remark.key}`));
  const places = entry.work.flatMap((_, i) => form.fields.map((field) => ({ index: i, key: field.key })));
  const at = places.findIndex((place) => place.index === index && place.key === key);
  /** @type {(place: Place) => boolean} */
  const isDoubtful = ({ index: i, key: k }) =>
    confirmationOf(entry.work[i], k) !== ONE_BY_ONE &&
    (told.has(`${i}:${k}`) || alternatives({ ...entry.work[i], baseline: null }, k, null).length > 0);
  return [...places.slice(at + 1), ...places.slice(0, at + 1)].find(isDoubtful) ?? null;
}

/**
 * Text with nothing but letters and digits, to see whether one says the other.
 * @param {string} text
 */
function bare(text) {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

/**
 * What was said and stands in no form now, but for what the reviewer waved away.
 * @param {Entry} entry
 */
export function openMissed(entry) {
  const held = entry.work.flatMap((customer) => Object.values(customer.values).map((value) => bare(valueText(value))));
  return (entry.chat.missed ?? []).filter(
    (one) => !entry.dismissed?.has(`${one.key}|${one.value}`) && !held.some((text) => text.includes(bare(one.value))),
  );
}

/**
 * Wave something away that was missed: the workbench does not mention it again.
 * @param {Entry} entry
 * @param {Missed} missed
 */
export function dismiss(entry, missed) {
  entry.dismissed = new Set([...(entry.dismissed ?? []), `${missed.key}|${missed.value}`]);
}

/**
 * Whose form something that was missed goes into: who said it, else the customer on screen.
 * @param {Entry} entry
 * @param {Missed} missed
 * @param {number} current
 */
export function ownerOf(entry, missed, current) {
  const place = entry.work.findIndex((customer) => missed.customer !== null && customer.source === missed.customer);
  return place >= 0 ? place : current;
}

/**
 * Put what was missed into its field (a text that stands there is kept, the new one follows it). Returns the customer.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {Missed} missed
 * @param {number} current
 * @param {number} now
 */
export function takeMissed(entry, form, missed, current, now) {
  const index = ownerOf(entry, missed, current);
  const field = form.fields.find((other) => other.key === missed.key);
  const old = entry.work[index].values[missed.key];
  const value =
    field && isList(field)
      ? splitItems([...splitItems(old), missed.value])
      : isEmpty(old)
        ? missed.value
        : `${old}、${missed.value}`;
  editField(entry, index, missed.key, value, now);
  return index;
}

/**
 * Keys of a customer that a newer run asks about; empty outside a delta review.
 * @param {WorkCustomer} customer
 */
export function askedKeys(customer) {
  return Object.keys(customer.delta ?? {});
}
