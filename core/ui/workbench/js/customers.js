// @ts-check
// Customers of a chat: added, removed, merged, split, swapped, moved, bound to a speaker. Pure.
/** @import { ChatPayload, Entry, FormPayload, Value, Values, WorkCustomer } from "./types.js" */
import { commit, confirmationOf, editField, nextUid } from "./model.js";
import { matchPeople } from "./names.js";
import { emptyValue, isEmpty, isList, ONE_BY_ONE, sameValue, splitItems, UNSEEN, valueText } from "./values.js";
import { ROLE } from "./words.js";

/**
 * @param {FormPayload} form
 * @param {Value} name
 * @returns {WorkCustomer}
 */
export function blankCustomer(form, name) {
  /** @type {Values} */
  const values = Object.fromEntries(form.fields.map((field) => [field.key, emptyValue(field)]));
  if (name) values[form.name_field] = name;
  return {
    uid: nextUid(),
    source: null,
    origin: null,
    pinned: {},
    values,
    confirmed: {},
    baseline: null,
    marks: {},
    marked: null,
    warnings: [],
    others: {},
    delta: {},
  };
}

/**
 * Add a customer at the end; returns its index.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {Value} name
 * @param {number} now
 */
export function addCustomer(entry, form, name, now) {
  commit(entry, [...entry.work, blankCustomer(form, name)], "", now);
  return entry.work.length - 1;
}

/**
 * Add a customer whom a newer run has and nobody approved; returns its index.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {Values} values
 * @param {number} now
 */
export function addNewer(entry, form, values, now) {
  const index = addCustomer(entry, form, values[form.name_field], now);
  entry.work = entry.work.map((one, i) => (i === index ? { ...one, values: { ...one.values, ...values } } : one));
  return index;
}

/**
 * Customers of a newer run that match nobody here, under delta review.
 * @param {Entry} entry
 * @param {FormPayload} form
 */
export function newCustomers(entry, form) {
  const known = new Set(entry.work.map((one) => one.values[form.name_field]));
  return (entry.chat.delta_new ?? []).filter((values) => !known.has(values[form.name_field]));
}

/**
 * Remove a customer; the last one leaves a blank one behind, for a chat keeps at least one form.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {number} index
 * @param {number} now
 */
export function removeCustomer(entry, form, index, now) {
  const rest = entry.work.filter((_, i) => i !== index);
  commit(entry, rest.length ? rest : [blankCustomer(form, "")], "", now);
}

/**
 * Merge a customer into another: empty fields are filled, lists joined, filled ones stay as they are. What came over has
 * been decided by nobody. Returns `{index, lost}`: where the whole one stands, and the labels of values that gave way.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {number} into
 * @param {number} from
 * @param {number} now
 */
export function mergeCustomers(entry, form, into, from, now) {
  const [mine, other] = [entry.work[into], entry.work[from]];
  const values = { ...mine.values };
  const confirmed = { ...mine.confirmed };
  const pinned = { ...mine.pinned };
  const lost = [];
  for (const field of form.fields) {
    const { key } = field;
    if (isEmpty(other.values[key])) continue;
    if (isList(field)) values[key] = splitItems([...splitItems(mine.values[key]), ...splitItems(other.values[key])]);
    else if (isEmpty(mine.values[key])) values[key] = other.values[key];
    else if (!sameValue(mine.values[key], other.values[key]) && key !== form.name_field) lost.push(field.label);
    if (!sameValue(values[key], mine.values[key])) {
      confirmed[key] = UNSEEN;
      if (other.pinned[key]) pinned[key] = other.pinned[key];
    }
  }
  const work = entry.work
    .map((one, i) => (i === into ? { ...mine, values, confirmed, pinned } : one))
    .filter((_, i) => i !== from);
  commit(entry, work, "", now);
  return { index: into - (from < into ? 1 : 0), lost };
}

/**
 * Split a customer in two: a second one with the same values stands behind it, all of them for somebody to look at. The
 * run's form stays that of the first one.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {number} index
 * @param {string} name
 * @param {number} now
 */
export function splitCustomer(entry, form, index, name, now) {
  const mine = entry.work[index];
  const twin = {
    ...mine,
    uid: nextUid(),
    source: null,
    origin: null,
    values: { ...mine.values, [form.name_field]: name },
    confirmed: {},
    warnings: [],
    delta: {},
  };
  commit(entry, [...entry.work.slice(0, index + 1), twin, ...entry.work.slice(index + 1)], "", now);
  return index + 1;
}

/**
 * Give a field's value to another customer and take theirs.
 * @param {Entry} entry
 * @param {number} index
 * @param {number} other
 * @param {string} key
 * @param {number} now
 */
export function swapField(entry, index, other, key, now) {
  const [mine, theirs] = [entry.work[index], entry.work[other]];
  /** @type {(customer: WorkCustomer, from: WorkCustomer) => WorkCustomer} */
  const given = (customer, from) => ({
    ...customer,
    values: { ...customer.values, [key]: from.values[key] },
    confirmed: { ...customer.confirmed, [key]: ONE_BY_ONE },
    pinned: { ...customer.pinned, [key]: from.pinned[key] ?? [] },
  });
  commit(
    entry,
    entry.work.map((one, i) => (i === index ? given(mine, theirs) : i === other ? given(theirs, mine) : one)),
    "",
    now,
  );
}

/**
 * Move a customer by one place; returns where it stands now.
 * @param {Entry} entry
 * @param {number} index
 * @param {number} by
 * @param {number} now
 */
export function moveCustomer(entry, index, by, now) {
  const to = index + by;
  if (to < 0 || to >= entry.work.length) return index;
  const work = [...entry.work];
  [work[index], work[to]] = [work[to], work[index]];
  commit(entry, work, "", now);
  return to;
}

/**
 * Bind a customer to a speaker: the form carries the name that stands in the chat.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {number} index
 * @param {string} name
 * @param {number} now
 */
export function bindCustomer(entry, form, index, name, now) {
  if (
    entry.work[index].values[form.name_field] === name &&
    confirmationOf(entry.work[index], form.name_field) === ONE_BY_ONE
  )
    return;
  editField(entry, index, form.name_field, name, now);
}

/**
 * Names that a customer can be bound to, with their sides: the present one first, then speakers whom no form names, staff
 * last.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {number} index
 */
export function bindingChoices(entry, form, index) {
  const present = valueText(entry.work[index].values[form.name_field]);
  const speaker = (entry.chat.speakers ?? []).find(({ name }) => name === present);
  const choices = freeSpeakers(entry, form).map(({ name, role }) => ({ name, side: role, isPresent: false }));
  return present ? [{ name: present, side: speaker?.role ?? "", isPresent: true }, ...choices] : choices;
}

/**
 * Speakers whom a customer may be: customers first, nobody who is bound already.
 * @param {Entry} entry
 * @param {FormPayload} form
 */
export function freeSpeakers(entry, form) {
  const taken = new Set(entry.work.map((one) => one.values[form.name_field]));
  const rank = { [ROLE.CUSTOMER]: 0, [ROLE.UNKNOWN]: 1, [ROLE.STAFF]: 2 };
  return (entry.chat.speakers ?? []).filter((s) => !taken.has(s.name)).sort((a, b) => rank[a.role] - rank[b.role]);
}

/**
 * Speakers whom no form names yet, not even by a part of the name: customers first, staff last.
 * @param {Entry} entry
 * @param {FormPayload} form
 */
export function unnamedSpeakers(entry, form) {
  const named = new Set(matchPeople(customerNames(entry, form), speakerNames(entry.chat)).flat());
  return freeSpeakers(entry, form).filter((speaker) => !named.has(entry.chat.speakers.indexOf(speaker)));
}

/** @param {ChatPayload} chat */
function speakerNames(chat) {
  return (chat.speakers ?? []).map((speaker) => speaker.name);
}

/**
 * The names in the forms of a chat.
 * @param {Entry} entry
 * @param {FormPayload} form
 */
export function customerNames(entry, form) {
  return entry.work.map((one) => valueText(one.values[form.name_field]));
}

/**
 * Numbers of the speakers who are this customer; empty where the name is nobody's, or may be that of several.
 * @param {ChatPayload} chat
 * @param {Value} name
 * @param {string[]} [names] of all customers of the chat: nobody is taken for a speaker whose own form is there
 */
export function speakersOf(chat, name, names = []) {
  return matchPeople([valueText(name), ...names], speakerNames(chat))[0];
}
