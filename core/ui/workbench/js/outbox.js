// @ts-check
// Saves on their way: made from a chat in work, kept until the server has answered each. Pure.
/** @import { AckPayload, ConflictRow, Draft, Entry, FormPayload, KeptAgreed, KeptKnown, Known, PendingSave, SaveOptions, Values, WorkCustomer } from "./types.js" */
import {
  asMine,
  bothPinned,
  decisionRows,
  isLeftAsItWas,
  isNew,
  isSameRun,
  isUntouched,
  pairs,
  rowDefault,
} from "./conflict_sides.js";
import { subjectAt } from "./form_words.js";
import { confirmRest, isDirty, isSameWork, nextUid, settledAs } from "./model.js";
import { addItems, isList, ONE_BY_ONE, sameValue, UNSEEN, valueText } from "./values.js";
import { STATUS } from "./words.js";

export const { DRAFT } = STATUS;
/** After this many milliseconds without an answer a save counts as not saved, and is sent again. */
export const PATIENCE = 6000;

/**
 * The customers of a chat in work as plain values: what a save and a draft hold.
 * @param {Entry} entry
 * @param {FormPayload} form
 */
export function plainCustomers(entry, form) {
  return entry.work.map((customer) => ({
    values: customer.values,
    confirmed: Object.fromEntries(form.fields.map(({ key }) => [key, customer.confirmed[key] ?? UNSEEN])),
    origin: customer.origin,
    pinned: customer.pinned,
    from: customer.source,
  }));
}

/**
 * What the chat and the server have in common, as the journal keeps it: after a reload a conflict has to know it.
 * @param {Entry} entry
 * @returns {KeptAgreed}
 */
function keptAgreed({ work, agreed, agreedNote, sent }) {
  /** @type {(customers: Known[]) => KeptKnown[]} */
  const kept = (customers) =>
    customers.map(({ uid, values }) => ({ at: work.findIndex((mine) => mine.uid === uid), values }));
  return {
    customers: agreed && kept(agreed),
    note: agreedNote,
    sent: Object.fromEntries(Object.entries(sent ?? {}).map(([id, customers]) => [id, kept(customers)])),
  };
}

/**
 * Turn the chat's present work into a save; the chat is clean until the next edit or a bad answer.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {SaveOptions} options
 * @returns {PendingSave}
 */
export function makeSave(entry, form, { id, status, note, reviewer, review, now, reason = "", undo = false }) {
  const save = {
    save_id: id,
    after_save_id: entry.lastSave,
    review,
    record_id: entry.chat.record_id,
    chat: entry.chat.chat,
    reviewer,
    base_version: entry.version,
    ...(entry.baseRun === undefined ? {} : { base_run_id: entry.baseRun }),
    customers: plainCustomers(entry, form),
    form: form.reference,
    status,
    note: note ?? entry.note,
    reason,
    undo,
    seconds: Math.round(entry.seconds),
    field_seconds: entry.fieldSeconds,
    ...(entry.folded?.length ? { folded: entry.folded } : {}),
    made: now,
    sent: now,
    tries: 1,
    agreed: keptAgreed(entry),
  };
  delete entry.folded;
  entry.seconds = 0;
  entry.fieldSeconds = {};
  entry.clean = entry.work;
  entry.lastSave = id;
  entry.rejected = "";
  entry.note = save.note;
  entry.sent = { ...entry.sent, [id]: entry.work };
  entry.settled = settledAs(entry.work, status, save.note) ?? entry.settled;
  if (status !== DRAFT) Object.assign(entry, { status, news: null });
  else if (entry.status === STATUS.UNREVIEWED) entry.status = DRAFT;
  return save;
}

/**
 * The customers with the text that stands in a free entry, typed and not entered yet (`entry.typing`).
 * @param {Entry} entry
 * @param {FormPayload} form
 */
function withTyping(entry, form) {
  const customers = plainCustomers(entry, form);
  if (!entry.typing) return customers;
  const { uid, key, text } = entry.typing;
  const place = entry.work.findIndex((customer) => customer.uid === uid);
  const field = form.fields.find((other) => other.key === key);
  if (place < 0 || !field) return customers;
  const { values, confirmed } = customers[place];
  const value = isList(field) ? addItems(values[key], text) : text;
  customers[place] = {
    ...customers[place],
    values: { ...values, [key]: value },
    confirmed: { ...confirmed, [key]: ONE_BY_ONE },
  };
  return customers;
}

/**
 * What lies in the journal for a chat with edits that no save holds yet.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {number} now
 */
export function draftOf(entry, form, now) {
  return {
    chat: entry.chat.chat,
    record_id: entry.chat.record_id,
    base_version: entry.version,
    ...(entry.baseRun === undefined ? {} : { base_run_id: entry.baseRun }),
    after_save_id: entry.lastSave,
    customers: withTyping(entry, form),
    form: form.reference,
    note: entry.note,
    made: now,
    agreed: keptAgreed(entry),
  };
}

/**
 * A draft from the journal as a save: what was typed before a reload and no save held yet.
 * @param {Draft} draft
 * @param {{ id: string, reviewer: string, review: string, now: number }} options
 * @returns {PendingSave}
 */
export function saveOfDraft(draft, { id, reviewer, review, now }) {
  return {
    save_id: id,
    after_save_id: draft.after_save_id,
    review,
    record_id: draft.record_id,
    chat: draft.chat,
    reviewer,
    base_version: draft.base_version,
    ...(draft.base_run_id === undefined ? {} : { base_run_id: draft.base_run_id }),
    customers: draft.customers,
    ...(draft.form === undefined ? {} : { form: draft.form }),
    status: DRAFT,
    note: draft.note,
    reason: "",
    seconds: 0,
    made: draft.made,
    sent: now,
    tries: 1,
    agreed: draft.agreed,
  };
}

/**
 * Saves of one chat that wait for an answer (a chat without a record yet has no record id to go by).
 * @param {PendingSave[]} outbox
 * @param {number} chat
 */
export function waitingFor(outbox, chat) {
  return outbox.filter((save) => save.chat === chat);
}

/**
 * One draft of a record at a time is under way; the next waits for its answer, so the outbox stays short.
 * @param {Entry} entry
 * @param {PendingSave[]} outbox
 */
export function mayDraft(entry, outbox) {
  const drafts = waitingFor(outbox, entry.chat.chat).filter((save) => save.status === DRAFT);
  return isDirty(entry) && drafts.length === 0 && entry.conflict === null;
}

/**
 * Apply one answer to the chat it belongs to. The save has left the outbox already.
 * @param {Entry} entry
 * @param {PendingSave} save
 * @param {AckPayload} ack
 */
export function applyAck(entry, save, ack) {
  if (ack.result === "saved") {
    entry.version = Math.max(entry.version, ack.version);
    entry.agreed = entry.sent?.[ack.save_id] ?? null;
    entry.agreedNote = save.note;
  } else if (ack.result === "conflict") {
    entry.clean = null;
    const status = save.status === DRAFT && entry.conflict ? entry.conflict.status : save.status;
    entry.conflict = {
      theirs: ack.theirs ?? null,
      who: ack.who ?? "",
      version: ack.version,
      why: ack.why ?? "",
      status,
      decided: ack.status ?? "",
      noted: ack.note ?? "",
      baseRun: ack.base_run_id,
    };
  } else {
    entry.clean = null;
    entry.rejected = ack.why || "服务器没有接受这次保存";
  }
  if (entry.sent) delete entry.sent[ack.save_id];
}

/**
 * Fields that differ between mine and theirs: one row per field, one row for a customer that only one side has.
 * `untouched` says that only they changed the field since both had it in common: then theirs is the better default;
 * `unknown`, that nobody can tell: then there is no default.
 * @param {Entry} entry
 * @param {FormPayload} form
 */
export function conflictRows(entry, form) {
  const theirs = entry.conflict?.theirs ?? [];
  /** @type {ConflictRow[]} */
  const rows = [];
  const everybody = pairs(entry, form);
  for (const [index, { mine, other }] of everybody.entries()) {
    if (!mine || !other) {
      const name = valueText((mine ?? other)?.values[form.name_field]) || "未填姓名";
      rows.push({
        id: `${index}:`,
        index,
        key: null,
        label: subjectAt(form, index),
        mine: mine ? `有（${name}）` : "没有",
        theirs: other ? `有（${name}）` : "没有",
        ...rowDefault(mine ? isLeftAsItWas(entry, form, mine) : isNew(entry, form, other)),
      });
      continue;
    }
    for (const field of form.fields) {
      if (sameValue(mine.values[field.key], other.values[field.key])) continue;
      rows.push({
        id: `${index}:${field.key}`,
        index,
        key: field.key,
        ...rowDefault(isUntouched(entry, mine, field.key)),
        label: entry.work.length > 1 ? `${subjectAt(form, index)} · ${field.label}` : field.label,
        mine: valueText(mine.values[field.key]),
        theirs: valueText(other.values[field.key]),
      });
    }
  }
  const both = everybody.flatMap(({ mine, other, place = -1 }) => (mine && other ? [{ mine, other, place }] : []));
  if (both.some(({ place }, i) => i > 0 && place < both[i - 1].place)) {
    /** @type {(customers: { values: Values }[]) => string} */
    const names = (customers) =>
      customers.map((customer) => valueText(customer.values[form.name_field]) || "未填姓名").join("、");
    const mine = both.map((one) => one.mine);
    const uids = mine.map(({ uid }) => uid);
    const before = entry.agreed?.map(({ uid }) => uid).filter((uid) => uids.includes(uid));
    rows.push({
      id: "order",
      index: 0,
      key: null,
      label: `${form.subject}的顺序`,
      ...rowDefault(before && before.join() === uids.join()),
      mine: names(mine),
      theirs: names([...both].sort((a, b) => a.place - b.place).map((one) => one.other)),
    });
  }
  return entry.conflict && theirs.length ? [...rows, ...decisionRows(entry, entry.conflict)] : rows;
}

/**
 * Settle a conflict: rows in `taken` become theirs, the rest stays mine. Returns the status of the save that has to
 * follow; it is based on their version.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {Set<string>} taken
 */
export function settleConflict(entry, form, taken) {
  const { conflict } = entry;
  if (!conflict) return entry.status;
  const { work: before, note, agreed: agreedBefore, agreedNote, version } = entry;
  const wasOpen = conflictRows(entry, form).length > 0;
  const status = (taken.has("status") && conflict.decided) || conflict.status;
  /** @type {Known[]} what they have, which I have seen now: a later conflict starts from it */
  const agreed = [];
  /** @type {{ customer: WorkCustomer, place?: number }[]} */
  const kept = [];
  for (const [index, { mine, other, place }] of pairs(entry, form).entries()) {
    const uid = mine?.uid ?? `theirs-${index}-${nextUid()}`;
    if (other && place !== undefined) agreed[place] = { uid, values: other.values };
    if (!mine || !other) {
      const isTheirs = taken.has(`${index}:`);
      if (!isTheirs && mine) kept.push({ customer: mine, place });
      else if (isTheirs && other) kept.push({ customer: asMine(other, uid, isSameRun(entry)), place });
      continue;
    }
    const values = { ...mine.values };
    const confirmed = { ...mine.confirmed };
    const pinned = bothPinned(mine.pinned, other.pinned ?? {});
    for (const { key } of form.fields) {
      if (!taken.has(`${index}:${key}`)) {
        const agree = sameValue(mine.values[key], other.values[key]);
        if (agree && (confirmed[key] ?? UNSEEN) === UNSEEN) confirmed[key] = other.confirmed?.[key] ?? UNSEEN;
        continue;
      }
      values[key] = other.values[key];
      confirmed[key] = other.confirmed?.[key] ?? ONE_BY_ONE;
    }
    kept.push({ place, customer: { ...mine, values, confirmed, pinned } });
  }
  if (taken.has("order")) kept.sort((a, b) => (a.place ?? Infinity) - (b.place ?? Infinity) || 0);
  const work = kept.map(({ customer }) => customer);
  entry.work = work.length ? work : entry.work;
  if (wasOpen) {
    // History begins anew: a step back over it would put my values over theirs, which only the box may ask.
    Object.assign(entry, { undo: [], redo: [], decided: null, undone: null });
    entry.settlement = { before, after: entry.work, note, conflict, agreed: agreedBefore, agreedNote, version };
  }
  if (taken.has("note")) entry.note = conflict.noted;
  entry.clean = null;
  entry.agreed = agreed;
  entry.agreedNote = conflict.noted;
  entry.version = conflict.version;
  entry.lastSave = conflict.after ?? null;
  entry.conflict = null;
  entry.settled = null;
  return status;
}

/**
 * Confirm what nobody looked at in a chat whose conflict was just settled; undo opens the conflict again all the same.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {number} now
 */
export function confirmSettled(entry, form, now) {
  confirmRest(entry, form, now);
  entry.undo = [];
  if (entry.settlement) entry.settlement.after = entry.work;
}

/**
 * Whether the last thing done to a chat was settling its conflict, so that undo opens that again.
 * @param {Entry} entry
 */
export function isJustSettled({ settlement, work, undo, decided, conflict }) {
  return Boolean(settlement) && !conflict && !decided && !undo.length && isSameWork(work, settlement?.after ?? []);
}

/**
 * Open a conflict again that was settled: both sides as they were, to be saved over what was stored meanwhile. Until then
 * the journal holds my side as it was made, on the version that it was made on: after a reload it is a conflict again.
 * @param {Entry} entry
 */
export function reopenConflict(entry) {
  const { settlement, version, lastSave } = entry;
  if (!settlement) return false;
  const { before, note, agreed, agreedNote } = settlement;
  entry.conflict = { ...settlement.conflict, version, after: lastSave };
  Object.assign(entry, { work: before, clean: null, note, agreed, agreedNote, version: settlement.version });
  Object.assign(entry, { lastSave: null, settlement: null, redo: [], undone: null });
  return true;
}

/**
 * The word for `data-save-state`: saved, saving, or unsaved where an answer is late, bad, or the chat is in conflict.
 * @param {PendingSave[]} outbox
 * @param {Entry[]} entries
 * @param {number} now
 */
export function saveState(outbox, entries, now) {
  const trouble = entries.some((entry) => entry.conflict !== null || entry.rejected !== "");
  const late = outbox.some((save) => now - save.sent > PATIENCE || save.tries > 1);
  if (trouble || late) return "unsaved";
  return outbox.length || entries.some((entry) => isDirty(entry) || entry.typing) ? "saving" : "saved";
}
