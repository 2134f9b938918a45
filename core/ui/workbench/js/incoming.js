// @ts-check
// How what comes in (a payload, kept work) meets the work under way: customers are matched, dirty fields stay mine.
/** @import { ChatPayload, Draft, Entry, FormPayload, KeptKnown, Known, News, PendingSave, Place, Values, WorkCustomer } from "./types.js" */
import { subjectAt } from "./form_words.js";
import { withoutEvidence } from "./messages.js";
import { confirmationOf, isDirty, makeEntry, nextUid, settledAs, warningsOf } from "./model.js";
import { matchPeople } from "./names.js";
import { sameValue, UNSEEN, valueText } from "./values.js";

/** Fields that a line names. */
const MOST_NEWS = 3;

/**
 * Pins in a shape that compares: a field without any is not there.
 * @param {Record<string, number[]> | undefined} pinned
 */
function pinsText(pinned) {
  const places = Object.entries(pinned ?? {}).filter(([, messages]) => messages.length > 0);
  return JSON.stringify(places.map(([key, messages]) => [key, [...messages].sort((a, b) => a - b)]).sort());
}

/**
 * Whether a chat holds what I hold: values, confirmations and pins, and for another person's version where each
 * customer came from.
 * @param {Entry} entry
 * @param {ChatPayload} chat
 */
function sameCustomers(entry, chat) {
  const isForeign = chat.version !== entry.version || chat.base_run_id !== entry.baseRun;
  return (
    entry.work.length === chat.customers.length &&
    chat.customers.every((customer, i) => {
      const mine = entry.work[i];
      if (isForeign && mine.origin !== (customer.origin ?? null)) return false;
      if (pinsText(mine.pinned) !== pinsText(customer.pinned)) return false;
      const keys = Object.keys(customer.values);
      return keys.every(
        (key) =>
          JSON.stringify(mine.values[key]) === JSON.stringify(customer.values[key]) &&
          confirmationOf(mine, key) === (customer.confirmed?.[key] ?? UNSEEN),
      );
    })
  );
}

/**
 * Take a chat that arrived again. `busy` says that saves of it wait for their answer.
 *
 * A clean chat becomes what the server says; a dirty or busy one keeps its values and its base version (a foreign save
 * must show as a conflict) and takes marks, slices and residue only. An older version than the known one is stale.
 * Returns "replaced" where values on screen changed, else "merged".
 * @param {Entry} entry
 * @param {ChatPayload} chat
 * @param {boolean} busy
 * @param {FormPayload} form
 */
export function mergeChat(entry, chat, busy, form) {
  if (chat.version < entry.version) {
    if (chat.residue?.text) entry.chat = { ...entry.chat, residue: chat.residue };
    return "merged";
  }
  const keep = isDirty(entry) || busy || entry.conflict !== null || entry.rejected !== "";
  if (!keep && !sameCustomers(entry, chat)) {
    const { seconds, fieldSeconds, lastSave, dismissed, typing } = entry;
    const at = entry.work.findIndex(({ uid }) => uid === typing?.uid);
    Object.assign(entry, makeEntry(chat), { seconds, fieldSeconds, lastSave, dismissed });
    if (typing && entry.work[at]) entry.typing = { ...typing, uid: entry.work[at].uid }; // it still stands in its entry
    return "replaced";
  }
  entry.chat = chat;
  const baseRun = chat.base_run_id;
  const sameRun = baseRun === entry.baseRun;
  // An answer to a save of mine has my order as it was sent; somebody else's version has an order of its own.
  const served = entry.agreed?.map((customer) => customer.uid) ?? [];
  const places =
    chat.version !== entry.version || !sameRun
      ? placesOf(entry.work, chat.customers, form, (known) => (sameRun ? known.origin : null))
      : entry.work.map(({ uid }) => (served.length === chat.customers.length ? served.indexOf(uid) : -1));
  /** @type {(customer: WorkCustomer, i: number) => WorkCustomer} */
  const refreshed = (customer, i) => {
    const place = places[i] ?? -1;
    if (place < 0) return customer;
    const { marks, values, baseline, others, dissent, origin, pinned } = chat.customers[place];
    return {
      ...customer,
      // Work that is not saved yet goes on counting in the run that it began with, and names that run when it is sent.
      origin: keep ? customer.origin : (origin ?? null),
      pinned: keep ? customer.pinned : (pinned ?? {}),
      source: place,
      marks: marks ?? {},
      marked: values,
      warnings: warningsOf(chat, place),
      baseline: baseline ?? null,
      others: others ?? {},
      dissent,
    };
  };
  const wasClean = !isDirty(entry);
  entry.work = entry.work.map(refreshed);
  if (wasClean) entry.clean = entry.work;
  if (!keep) {
    entry.agreed = entry.work;
    entry.agreedNote = chat.note ?? "";
    const isOthers = chat.version !== entry.version;
    entry.settled = settledAs(entry.work, chat.status, chat.note ?? "") ?? (isOthers ? null : entry.settled);
    entry.version = chat.version;
    entry.baseRun = baseRun;
    entry.status = chat.status;
    entry.note = chat.note ?? "";
  }
  return "merged";
}

/**
 * What somebody else changed in a chat while it was looked at: one line per field or customer that is another now.
 * @param {WorkCustomer[]} before
 * @param {Entry} entry
 * @param {FormPayload} form
 * @returns {News | null}
 */
export function newsOf(before, { work, chat }, form) {
  /** @type {Place[]} */
  const places = work.flatMap((customer, index) =>
    form.fields
      .filter(({ key }) => !sameValue(customer.values[key], before[index]?.values[key] ?? ""))
      .map(({ key }) => ({ index, key })),
  );
  if (!places.length && work.length >= before.length) return null;
  const labelOf = (/** @type {Place} */ { index, key }) =>
    `${work.length > 1 ? `${subjectAt(form, index)} ` : ""}${form.fields.find((field) => field.key === key)?.label}`;
  const shown = places.slice(0, MOST_NEWS).map(labelOf);
  const rest = places.length > MOST_NEWS ? `等 ${places.length} 处` : "";
  const gone = work.length < before.length ? `少了一位${form.subject}` : "";
  const what = [`${shown.join("、")}${rest}`, gone].filter(Boolean).join("，");
  const place = places[0] ?? { index: 0, key: form.name_field };
  return { ...place, text: `${chat.reviewer || "别人"} 刚改了：${what}` };
}

/**
 * Where each of these customers stands among others of the same chat (`undefined`: nowhere): by name and the customer of
 * the run that both came from (`originOf` says it of the others), then by name, then by an origin that nobody else of
 * either side has (two halves of a split customer may have one origin), then by a part of the name, then in order. The
 * same rule as `match_versions` in core/domain/person_names.py.
 * @template {{ values: Values, origin: number | null }} Mine
 * @template {{ values: Values }} Theirs
 * @param {Mine[]} customers
 * @param {Theirs[]} others
 * @param {FormPayload} form
 * @param {(other: Theirs) => number | null} originOf
 */
export function placesOf(customers, others, form, originOf) {
  /** @type {(customer: Mine | Theirs) => string} */
  const nameOf = (customer) => valueText(customer.values[form.name_field]).trim();
  const [names, otherNames] = [customers.map(nameOf), others.map(nameOf)];
  const [origins, otherOrigins] = [customers.map(({ origin }) => origin ?? null), others.map(originOf)];
  const parts = matchPeople(names, otherNames);
  const left = new Set(others.keys());
  /** @type {(number | undefined)[]} */
  const found = customers.map(() => undefined);
  /** @type {(isSame: (i: number, place: number) => boolean) => void} */
  const match = (isSame) =>
    customers.forEach((_, i) => {
      found[i] ??= [...left].find((place) => isSame(i, place));
      left.delete(found[i] ?? -1);
    });
  /** @type {(i: number, place: number) => boolean} */
  const hasName = (i, place) => names[i] !== "" && names[i] === otherNames[place];
  /** @type {(i: number, place: number) => boolean} */
  const hasOrigin = (i, place) => origins[i] !== null && origins[i] === otherOrigins[place];
  /** @type {(list: (number | null | undefined)[], origin: number | null) => boolean} */
  const isOnce = (list, origin) => list.filter((other) => other === origin).length === 1;
  match((i, place) => hasOrigin(i, place) && hasName(i, place));
  match(hasName);
  match((i, place) => hasOrigin(i, place) && isOnce(origins, origins[i]) && isOnce(otherOrigins, origins[i]));
  match((i, place) => parts[i].includes(place));
  match(() => true);
  return found;
}

/**
 * A chat that came without the texts that this browser has: they are put back. Null where it has none of them.
 * @param {ChatPayload} chat
 * @param {ChatPayload | undefined} known
 */
export function withTexts(chat, known) {
  if (!chat.text_kept) return chat;
  if (!known) return null;
  const fresh = new Map(chat.messages.map((message) => [message.i, message]));
  return { ...chat, messages: known.messages.map((message) => fresh.get(message.i) ?? withoutEvidence(message)) };
}

/**
 * Put kept work (a draft or an unacknowledged save, as plain values) over a chat that has just arrived.
 * @param {Entry} entry
 * @param {Draft | PendingSave} kept
 * @param {FormPayload} form
 */
export function restoreWork(entry, kept, form) {
  const baseRun = kept.base_run_id === undefined ? entry.baseRun : kept.base_run_id;
  const sameRun = baseRun === entry.baseRun;
  const isForeign = entry.chat.version !== kept.base_version || !sameRun;
  const places = isForeign
    ? placesOf(kept.customers, entry.work, form, (known) => (sameRun ? known.origin : null))
    : [];
  const served = entry.work;
  entry.work = kept.customers.map((saved, i) => {
    const place = isForeign ? places[i] : saved.from;
    const known = place === null || place === undefined ? null : entry.work[place];
    const base = known ?? {
      source: null,
      baseline: null,
      marks: {},
      marked: null,
      warnings: [],
      others: {},
      delta: {},
    };
    return {
      ...base,
      uid: known?.uid ?? nextUid(),
      values: saved.values,
      confirmed: saved.confirmed,
      origin: saved.origin ?? null,
      pinned: saved.pinned ?? {},
    };
  });
  // Without knowing what was common, a conflict could not tell their edits from mine: the journal says it.
  /** @type {(customers: KeptKnown[]) => Known[]} */
  const known = (customers) => customers.map(({ at, values }) => ({ uid: entry.work[at]?.uid ?? nextUid(), values }));
  const { agreed } = kept;
  const common = agreed?.customers ? known(agreed.customers) : null;
  entry.agreed = isForeign ? common : served;
  if (isForeign) Object.assign(entry, { agreedNote: agreed?.note ?? null, settled: null });
  entry.sent = Object.fromEntries(Object.entries(agreed?.sent ?? {}).map(([id, sent]) => [id, known(sent)]));
  entry.version = kept.base_version;
  entry.baseRun = baseRun;
  entry.note = kept.note;
  entry.lastSave = kept.after_save_id ?? null;
  entry.restored = true;
}
