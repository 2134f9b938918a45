// @ts-check
// The two sides of a conflict: who is who, what either changed since both had it in common, and what joins. Pure.
/** @import { Conflict, ConflictRow, Entry, FormPayload, StoredCustomer, WorkCustomer } from "./types.js" */
import { placesOf } from "./incoming.js";
import { isEmpty, sameValue } from "./values.js";
import { STATUS } from "./words.js";

/**
 * A customer of mine beside theirs; one of them may be missing.
 * @typedef {{ mine?: WorkCustomer, other?: StoredCustomer, place?: number }} Pair
 */

/**
 * Whether the customers of both sides of a conflict come from one run: only then do positions in it say who is who.
 * @param {Entry} entry
 */
export function isSameRun(entry) {
  return entry.conflict?.baseRun === undefined || entry.conflict.baseRun === entry.baseRun;
}

/**
 * Mine beside theirs, `place` being where theirs stands. My order; whom only they have come last.
 * @param {Entry} entry
 * @param {FormPayload} form
 */
export function pairs(entry, form) {
  const theirs = entry.conflict?.theirs ?? [];
  const found = placesOf(entry.work, theirs, form, (other) => (isSameRun(entry) ? other.source : null));
  const left = [...theirs.keys()].filter((place) => !found.includes(place));
  /** @type {Pair[]} */
  const mine = entry.work.map((one, i) => ({ mine: one, other: theirs[found[i] ?? -1], place: found[i] }));
  return [...mine, ...left.map((place) => ({ mine: undefined, other: theirs[place], place }))];
}

/**
 * Whether only they changed what a customer of mine says there; undefined where nobody knows what was common.
 * @param {Entry} entry
 * @param {WorkCustomer} mine
 * @param {string} key
 */
export function isUntouched(entry, mine, key) {
  if (!entry.agreed) return undefined;
  const before = entry.agreed.find((customer) => customer.uid === mine.uid)?.values;
  return before ? sameValue(mine.values[key], before[key]) : isEmpty(mine.values[key]);
}

/**
 * The default of a row.
 * @param {boolean | undefined} untouched undefined: not known
 */
export function rowDefault(untouched) {
  return untouched === undefined ? { untouched: false, unknown: true } : { untouched, unknown: false };
}

/**
 * Whether a customer that only I have stands as it stood when both had it: then they took it out.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {WorkCustomer} mine
 */
export function isLeftAsItWas({ agreed }, form, mine) {
  if (!agreed) return undefined;
  const before = agreed.find(({ uid }) => uid === mine.uid)?.values;
  return before !== undefined && form.fields.every(({ key }) => sameValue(mine.values[key], before[key]));
}

/**
 * Whether a customer that only they have was added by them, and not taken out by me.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {StoredCustomer | undefined} other
 */
export function isNew({ agreed, work }, form, other) {
  const removed = agreed?.filter(({ uid }) => work.every((mine) => mine.uid !== uid));
  if (!removed?.length) return removed && true;
  const name = other?.values[form.name_field];
  return removed.some(({ values }) => sameValue(values[form.name_field], name)) ? false : undefined;
}

/**
 * Their decision and note, where mine would take their place.
 * @param {Entry} entry
 * @param {Conflict} conflict
 */
export function decisionRows({ note, agreedNote }, { status, decided, noted }) {
  /** @type {ConflictRow[]} */
  const rows = [];
  if (decided && decided !== STATUS.DRAFT && decided !== status) {
    rows.push({
      id: "status",
      index: 0,
      key: null,
      untouched: status === STATUS.DRAFT,
      label: "判定",
      mine: status,
      theirs: decided,
    });
  }
  const untouched = agreedNote === null ? undefined : note === agreedNote;
  if (noted !== note && (noted || untouched !== false)) {
    rows.push({ id: "note", index: 0, key: null, ...rowDefault(untouched), label: "备注", mine: note, theirs: noted });
  }
  return rows;
}

/**
 * What either side pinned: a pin says that something stands there, so none speaks against another.
 * @param {Record<string, number[]>} mine
 * @param {Record<string, number[]>} theirs
 */
export function bothPinned(mine, theirs) {
  const keys = new Set([...Object.keys(mine), ...Object.keys(theirs)]);
  const places = (/** @type {string} */ key) =>
    [...new Set([...(mine[key] ?? []), ...(theirs[key] ?? [])])].sort((a, b) => a - b);
  return Object.fromEntries([...keys].map((key) => [key, places(key)]));
}

/**
 * A customer whom only they have, as one of mine.
 * @param {StoredCustomer} theirs
 * @param {number | string} uid
 * @param {boolean} sameRun
 * @returns {WorkCustomer}
 */
export function asMine(theirs, uid, sameRun) {
  return {
    uid,
    source: null,
    origin: sameRun ? (theirs.source ?? null) : null,
    baseline: null,
    pinned: theirs.pinned ?? {},
    marks: {},
    marked: null,
    warnings: [],
    values: theirs.values,
    confirmed: theirs.confirmed ?? {},
    others: {},
    delta: {},
  };
}
