// @ts-check
// One chat in work: the reviewer's customers over what the server sent. Pure (no DOM, clock or randomness of its own).
//
// `entry.work` is a list of customers that is replaced, never changed, by every edit: undo steps are references, and
// "dirty" is `entry.work !== entry.clean`.
/** @import { CellWarning, ChatPayload, Confirmation, CustomerPayload, Entry, FormPayload, Place, RecordStatus, Value, Values, WorkCustomer } from "./types.js" */
import { IN_BULK, isEmpty, ONE_BY_ONE, sameValue, UNSEEN } from "./values.js";
import { STATUS } from "./words.js";

/** @type {WeakMap<WorkCustomer[], number>} when a state was left by an edit: the state is an undo step then */
const leftAt = new WeakMap();
const UNDO_STEPS = 200;
const UNDO_PAUSE = 800;

let lastUid = 0;

/** A number that no other customer on this page has: undo and conflicts know a customer by it. */
export function nextUid() {
  lastUid += 1;
  return lastUid;
}

/**
 * Remarks of the checks on one customer of a chat as it came: they speak of the values that came with them.
 * @param {ChatPayload} chat
 * @param {number} index
 * @returns {CellWarning[]}
 */
export function warningsOf(chat, index) {
  return (chat.warnings ?? []).filter((warning) => warning.customer === index);
}

/**
 * @param {ChatPayload} chat
 * @param {CustomerPayload} customer
 * @param {number} index
 */
function workCustomer(chat, customer, index) {
  return {
    uid: nextUid(),
    source: index,
    origin: customer.origin ?? null,
    pinned: customer.pinned ?? {},
    values: customer.values,
    confirmed: customer.confirmed ?? {},
    baseline: customer.baseline ?? null,
    marks: customer.marks ?? {},
    marked: customer.values,
    warnings: warningsOf(chat, index),
    others: customer.others ?? {},
    dissent: customer.dissent,
    delta: customer.delta ?? {}, // what a newer run says and nobody has answered: {key: value}
  };
}

/**
 * What the workbench knows about a chat that has just arrived.
 * @param {ChatPayload} chat
 * @returns {Entry}
 */
export function makeEntry(chat) {
  const work = chat.customers.map((customer, index) => workCustomer(chat, customer, index));
  const note = chat.note ?? "";
  return {
    chat,
    work,
    clean: work,
    agreed: work, // agreed: what this browser and the server last had in common
    agreedNote: note,
    version: chat.version,
    baseRun: chat.base_run_id,
    status: chat.status,
    note,
    lastSave: null,
    undo: [],
    redo: [],
    undoTag: "",
    undoTime: 0,
    shown: [],
    conflict: null,
    settlement: null,
    rejected: "",
    news: null,
    seconds: 0,
    fieldSeconds: {},
    restored: false,
    typing: null, // text in a free entry that is not entered yet: {uid, key, text}
    decided: null, // the decision that can be taken back: {before, status}; any edit after it ends that
    undone: null, // the decision that was taken back and can be made again; any edit after it ends that
    settled: settledAs(work, chat.status, note),
  };
}

/**
 * What a chat is besides its drafts; null for a draft.
 * @param {WorkCustomer[]} work
 * @param {RecordStatus} status
 * @param {string} note
 */
export function settledAs(work, status, note) {
  return status === STATUS.DRAFT ? null : { work, status, note };
}

/**
 * What the chat was before it was edited, where undo has led back to exactly that: then it is no draft any more.
 * @param {Entry} entry
 */
export function backToSettled({ work, settled }) {
  return settled && isSameWork(work, settled.work) ? settled : null;
}

/** @param {Entry} entry */
export function isDirty(entry) {
  return entry.work !== entry.clean;
}

/**
 * Whether a customer's mark still speaks of the value that is there now.
 * @param {WorkCustomer} customer
 * @param {string} key
 */
export function markOf(customer, key) {
  const mark = customer.marks[key];
  return mark && sameValue(customer.values[key], customer.marked?.[key]) ? mark : null;
}

/**
 * Whether the reviewer's value differs from the run's.
 * @param {WorkCustomer} customer
 * @param {string} key
 */
export function isChanged(customer, key) {
  return customer.baseline !== null && !sameValue(customer.values[key], customer.baseline[key]);
}

/**
 * @param {WorkCustomer} customer
 * @param {string} key
 */
export function confirmationOf(customer, key) {
  return customer.confirmed[key] ?? UNSEEN;
}

/**
 * Put a new state of the customers in place; the one before becomes an undo step.
 * @param {Entry} entry
 * @param {WorkCustomer[]} work
 * @param {string} tag
 * @param {number} now
 */
export function commit(entry, work, tag, now) {
  if (!(tag && tag === entry.undoTag && now - entry.undoTime < UNDO_PAUSE)) {
    entry.undo.push(entry.work);
    if (entry.undo.length > UNDO_STEPS) entry.undo.shift();
  }
  leftAt.set(entry.undo[entry.undo.length - 1], now);
  entry.undoTag = tag;
  entry.undoTime = now;
  entry.redo = [];
  entry.decided = null;
  entry.undone = null;
  entry.work = work;
}

/**
 * A form without one of its fields.
 * @param {Values} record
 * @param {string} key
 */
function without(record, key) {
  if (!record || !(key in record)) return record ?? {};
  const { [key]: _, ...rest } = record;
  return rest;
}

/**
 * @param {Entry} entry
 * @param {number} index
 * @param {(customer: WorkCustomer) => Partial<WorkCustomer>} change
 */
function changed(entry, index, change) {
  return entry.work.map((customer, i) => (i === index ? { ...customer, ...change(customer) } : customer));
}

/**
 * Give a field a value; that confirms it one by one. Keystrokes in one field are one undo step until a pause.
 * @param {Entry} entry
 * @param {number} index
 * @param {string} key
 * @param {Value} value
 * @param {number} now
 */
export function editField(entry, index, key, value, now, typed = false) {
  const work = changed(entry, index, (customer) => ({
    values: { ...customer.values, [key]: value },
    confirmed: { ...customer.confirmed, [key]: ONE_BY_ONE },
    delta: without(customer.delta, key),
  }));
  commit(entry, work, typed ? `${entry.work[index].uid}:${key}` : "", now);
}

/**
 * Confirm a field as it is (empty is an answer too). Nothing happens where it was confirmed one by one already.
 * @param {Entry} entry
 * @param {number} index
 * @param {string} key
 * @param {number} now
 * @param {Confirmation} [state]
 */
export function confirmField(entry, index, key, now, state = ONE_BY_ONE) {
  const { delta } = entry.work[index];
  if (confirmationOf(entry.work[index], key) === state && !(delta && key in delta)) return false;
  const work = changed(entry, index, (customer) => ({
    confirmed: { ...customer.confirmed, [key]: state },
    delta: without(customer.delta, key),
  }));
  commit(entry, work, "", now);
  return true;
}

/**
 * Confirm in bulk what was not looked at: everything, or only what is empty in one customer.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {number} now
 * @param {number | null} [emptyIn]
 */
export function confirmRest(entry, form, now, emptyIn = null) {
  const work = entry.work.map((customer, i) => {
    if (emptyIn !== null && i !== emptyIn) return customer;
    const rest = form.fields.filter(
      ({ key }) => confirmationOf(customer, key) === UNSEEN && (emptyIn === null || isEmpty(customer.values[key])),
    );
    if (!rest.length) return customer;
    /** @type {Record<string, Confirmation>} */
    const bulk = Object.fromEntries(rest.map(({ key }) => [key, IN_BULK]));
    return { ...customer, confirmed: { ...customer.confirmed, ...bulk } };
  });
  if (work.some((customer, i) => customer !== entry.work[i])) commit(entry, work, "", now);
}

/**
 * Take the run's value back.
 * @param {Entry} entry
 * @param {number} index
 * @param {string} key
 * @param {number} now
 */
export function takeBack(entry, index, key, now) {
  const { baseline } = entry.work[index];
  if (baseline === null || !isChanged(entry.work[index], key)) return false;
  editField(entry, index, key, baseline[key], now);
  return true;
}

/**
 * Take the value of the newer run that a delta review asks about.
 * @param {Entry} entry
 * @param {number} index
 * @param {string} key
 * @param {number} now
 */
export function acceptDelta(entry, index, key, now) {
  const { delta } = entry.work[index];
  if (!delta || !(key in delta)) return false;
  editField(entry, index, key, delta[key], now);
  return true;
}

/**
 * Pin a message as a field's evidence, or take the pin out again. Returns whether it is pinned now.
 * @param {Entry} entry
 * @param {number} index
 * @param {string} key
 * @param {number} message
 * @param {number} now
 */
export function togglePin(entry, index, key, message, now) {
  const old = entry.work[index].pinned[key] ?? [];
  const isIn = old.includes(message);
  const pins = isIn ? old.filter((other) => other !== message) : [...old, message].sort((a, b) => a - b);
  commit(
    entry,
    changed(entry, index, (customer) => ({ pinned: { ...customer.pinned, [key]: pins } })),
    "",
    now,
  );
  return !isIn;
}

/** @param {Entry} entry */
export function undo(entry) {
  if (!entry.undo.length) return false;
  entry.redo.push(entry.work);
  entry.work = entry.undo.pop() ?? entry.work;
  entry.decided = null;
  entry.undoTag = "";
  return true;
}

/**
 * When the edit was made that undo would take back; 0 where there is none.
 * @param {Entry | null} entry
 */
export const lastEditAt = (entry) => leftAt.get(entry?.undo[entry.undo.length - 1] ?? []) ?? 0;

/**
 * @param {Entry} entry
 * @param {number} now
 */
export function redo(entry, now) {
  if (!entry.redo.length) return false;
  entry.undo.push(entry.work);
  leftAt.set(entry.work, now);
  entry.work = entry.redo.pop() ?? entry.work;
  entry.decided = null;
  entry.undoTag = "";
  return true;
}

/**
 * The first place where two states of the customers differ: where to look after an undo.
 * @param {WorkCustomer[]} before
 * @param {WorkCustomer[]} after
 * @param {FormPayload} form
 */
export function firstDifference(before, after, form) {
  for (let i = 0; i < after.length; i += 1) {
    const old = before.find((customer) => customer.uid === after[i].uid);
    if (!old) return { index: i, key: form.name_field };
    if (old === after[i]) continue;
    const field = form.fields.find(
      ({ key }) =>
        old.values[key] !== after[i].values[key] ||
        old.confirmed[key] !== after[i].confirmed[key] ||
        old.pinned[key] !== after[i].pinned[key],
    );
    if (field) return { index: i, key: field.key };
  }
  return null;
}

/**
 * How many fields of a customer are confirmed in either way.
 * @param {WorkCustomer} customer
 * @param {FormPayload} form
 */
export function confirmedCount(customer, form) {
  return form.fields.filter(({ key }) => confirmationOf(customer, key) !== UNSEEN).length;
}

/**
 * The next field that nobody has confirmed, after a place and around; null where all are. Under delta review the next
 * one that is asked about.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {number} index
 * @param {string} key
 */
export function nextUnseen(entry, form, index, key) {
  const places = entry.work.flatMap((_, i) => form.fields.map((field) => ({ index: i, key: field.key })));
  const at = places.findIndex((place) => place.index === index && place.key === key);
  const turned = [...places.slice(at + 1), ...places.slice(0, at + 1)];
  const asked = isDelta(entry);
  /** @type {(place: Place) => boolean} */
  const isOpen = ({ index: i, key: k }) =>
    asked ? k in (entry.work[i].delta ?? {}) : confirmationOf(entry.work[i], k) === UNSEEN;
  return turned.find(isOpen) ?? null;
}

/**
 * Whether the chat is under delta review: some field was asked about when it came.
 * @param {Entry} entry
 */
export function isDelta(entry) {
  return entry.chat.customers.some((customer) => Object.keys(customer.delta ?? {}).length > 0);
}

/**
 * A decision was made: `before` is the work before it, `status` what the chat was then, its note with it.
 * @param {Entry} entry
 * @param {WorkCustomer[]} before
 * @param {RecordStatus} status
 */
export function noteDecision(entry, before, status) {
  entry.decided = { before, status, note: entry.note, settled: entry.settled };
}

/**
 * Take the last decision back: the confirmations that it made go too. Returns the status to save, null where there is none.
 * @param {Entry} entry
 */
export function undoDecision(entry) {
  if (!entry.decided) return null;
  const { before, status, note, settled } = entry.decided;
  const undone = { before, after: entry.work, status: entry.status, note: entry.note, shown: entry.shown };
  if (entry.undo[entry.undo.length - 1] === before) entry.undo.pop();
  Object.assign(entry, { work: before, note: note ?? "", decided: null, undone, shown: [], redo: [], settled });
  return backToSettled(entry) ? status : STATUS.DRAFT; // edited: no longer what it was
}

/**
 * The decision that can be made again; null where there is none or the chat is not what it was decided on.
 * @param {Entry} entry
 */
export function redoable({ undone, redo: again, work }) {
  return undone && !again.length && isSameWork(work, undone.before) ? undone : null;
}

/**
 * Make the decision again that was taken back, with the confirmations that it had made. Returns what to save, null where
 * there is none or the chat is not what it was decided on.
 * @param {Entry} entry
 */
export function redoDecision(entry) {
  const undone = redoable(entry);
  if (!undone) return null;
  const { after, status, note } = undone;
  const before = entry.work;
  if (after !== undone.before) commit(entry, sameFacts(after, before), "", 0);
  entry.undone = null;
  noteDecision(entry, before, entry.status);
  return { status, note };
}

/**
 * Whether two states of the customers say the same: what the server adds to each (marks, other runs) does not count.
 * @param {WorkCustomer[]} work
 * @param {WorkCustomer[]} other
 */
export function isSameWork(work, other) {
  const facts = (/** @type {WorkCustomer[]} */ customers) =>
    JSON.stringify(customers.map(({ uid, values, confirmed, pinned }) => [uid, values, confirmed, pinned]));
  return work === other || facts(work) === facts(other);
}

/**
 * Customers with what the server says about those on screen now.
 * @param {WorkCustomer[]} customers
 * @param {WorkCustomer[]} now
 */
function sameFacts(customers, now) {
  return customers.map((customer, i) => ({
    ...now[i],
    values: customer.values,
    confirmed: customer.confirmed,
    pinned: customer.pinned,
    delta: customer.delta,
  }));
}
