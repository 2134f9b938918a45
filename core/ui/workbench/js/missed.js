// @ts-check
// What was said in the chat and stands in no form: by whom, whose form it belongs into, and how it gets there. Pure.
/** @import { Entry, FormPayload, Missed, Value } from "./types.js" */
import { blankCustomer, customerNames } from "./customers.js";
import { sideText } from "./form_words.js";
import { commit } from "./model.js";
import { matchPeople } from "./names.js";
import { rememberLast } from "./remember.js";
import { isList, ONE_BY_ONE, splitItems, valueText } from "./values.js";
import { ROLE } from "./words.js";

const ALNUM = /[a-z0-9.]/;
const COUNTRY = /(?:^|[^0-9])(?:00)?86$/;

/**
 * Letters and digits of a text, and a point within a number, to see whether one says the other; and where signs or blanks
 * stood between two of them.
 * @param {string} text
 */
function bare(text) {
  const signs = [...text.matchAll(/[\p{L}\p{N}]|(?<=[0-9])\.(?=[0-9])/gu)];
  const gaps = signs.map(({ index }, i) => i === 0 || index > signs[i - 1].index + signs[i - 1][0].length);
  return { letters: signs.map(([sign]) => sign), gaps };
}

/**
 * Whether a text holds a value whole: 5万 is not in 15万, and no number is in a longer one but for the country in front.
 * @param {string} text
 * @param {string} value both as `plain` makes them
 */
function holdsWhole(text, value) {
  if (value.includes("@")) return holdsAddress(text, value);
  const [{ letters, gaps }, part] = [bare(text), bare(value).letters];
  const isCut = (/** @type {number} */ at) =>
    at > 0 && at < letters.length && !gaps[at] && ALNUM.test(letters[at - 1]) && ALNUM.test(letters[at]);
  return letters.some((_, at) => {
    if (!part.every((sign, i) => letters[at + i] === sign)) return false;
    const isBegun = !isCut(at) || COUNTRY.test(letters.slice(Math.max(0, at - 5), at).join(""));
    return isBegun && !isCut(at + part.length);
  });
}

/**
 * The same of an e-mail address, in which each sign counts.
 * @param {string} text
 * @param {string} value
 */
function holdsAddress(text, value) {
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
    const [before, after] = [text.slice(Math.max(0, at - 1), at), text.slice(at + value.length, at + value.length + 2)];
    if (!/[a-z0-9_%+.-]/.test(before) && !/^(?:[a-z0-9_%+-]|\.[a-z0-9])/.test(after)) return true;
  }
  return false;
}

const plain = (/** @type {string} */ text) => text.normalize("NFKC").toLowerCase();

/**
 * What was said and stands in no form now, but for what the reviewer waved away. Asked several times for each chat that
 * comes, first when its pane is laid out ahead: then the answer is there.
 * @type {(entry: Entry) => Missed[]}
 */
export const openMissed = rememberLast((entry) => [entry.work, entry.dismissed, entry.chat.missed], findMissed);

/** @param {Entry} entry */
function findMissed(entry) {
  const held = entry.work.flatMap((customer) => Object.values(customer.values).map((value) => plain(valueText(value))));
  return (entry.chat.missed ?? []).filter(
    (one) =>
      !entry.dismissed?.has(`${one.key}|${one.value}`) && !held.some((text) => holdsWhole(text, plain(one.value))),
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
 * Mention it again.
 * @param {Entry} entry
 * @param {Missed} missed
 */
export function takeUpAgain(entry, missed) {
  entry.dismissed = new Set([...(entry.dismissed ?? [])].filter((one) => one !== `${missed.key}|${missed.value}`));
}

/**
 * Where something was said: the speaker, their side unless they are a customer, and the number of the message.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {Missed} missed
 */
export function placeText(entry, form, missed) {
  const speaker = speakerOf(entry, missed);
  const side = speaker && speaker.role !== ROLE.CUSTOMER ? `（${sideText(form, speaker.role)}）` : "";
  return `${speaker ? `${speaker.name}${side} · ` : ""}第 ${missed.message + 1} 条消息`;
}

/**
 * @param {Entry} entry
 * @param {Missed} missed
 */
function speakerOf(entry, missed) {
  const message = entry.chat.messages.find(({ i }) => i === missed.message);
  if (!message?.speaker) return null;
  return (
    entry.chat.speakers.find(({ name }) => name === message.speaker) ?? { name: message.speaker, role: message.role }
  );
}

/**
 * The customer whose form is a speaker's; undefined where nobody's is, or may be that of several. All speakers come into
 * question: 客户 is the form of neither 客户1 nor 客户12.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {string} name
 */
function formOf(entry, form, name) {
  const others = entry.chat.speakers.map((speaker) => speaker.name);
  const [own] = matchPeople([name, ...others], customerNames(entry, form))[0];
  return own;
}

/**
 * Whose form something that was missed goes into: the form of who said it; null for a customer who has none yet. What the
 * staff says is about whom they say it to. Undefined where the chat does not say whose it is.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {Missed} missed
 */
function knownOwner(entry, form, missed) {
  const place = entry.work.findIndex((customer) => missed.customer !== null && customer.source === missed.customer);
  if (place >= 0) return place;
  const speaker = speakerOf(entry, missed);
  if (!speaker) return undefined;
  if (speaker.role !== ROLE.STAFF) return formOf(entry, form, speaker.name) ?? null;
  const near = entry.chat.messages.find(({ i }) => i === missed.message)?.near ?? [];
  const told = near.map((number) => entry.chat.speakers[number]).filter((one) => one && one.role !== ROLE.STAFF);
  return told.length === 1 ? formOf(entry, form, told[0].name) : undefined;
}

/**
 * Whose form something that was missed goes into: the customer on screen where the chat does not say.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {Missed} missed
 * @param {number} current
 */
export function ownerOf(entry, form, missed, current) {
  const owner = knownOwner(entry, form, missed);
  return owner === undefined ? current : owner;
}

/**
 * Whether several customers come into question and the chat does not say whose it is: then nobody is proposed.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {Missed} missed
 */
export function isOwnerUnclear(entry, form, missed) {
  return entry.work.length > 1 && knownOwner(entry, form, missed) === undefined;
}

/**
 * Where something that was missed can go, the likeliest first: customers by index, null for a new one named as the speaker.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {Missed} missed
 * @param {number} current
 */
export function targetsOf(entry, form, missed, current) {
  const owner = ownerOf(entry, form, missed, current);
  const others = [...entry.work.keys()].filter((index) => index !== owner);
  return owner === null ? [null, ...others] : [owner, ...others, null];
}

/**
 * The value that a field gets from what was missed: a list gets one item more, any other field this value alone.
 * @param {FormPayload} form
 * @param {Missed} missed
 * @param {Value} old
 * @returns {Value}
 */
function withMissed(form, missed, old) {
  const field = form.fields.find((other) => other.key === missed.key);
  return field && isList(field) ? splitItems([...splitItems(old), missed.value]) : missed.value;
}

/**
 * What stands in the field of a customer and would give way to what was missed; "" where nothing does.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {Missed} missed
 * @param {number | null} target
 */
export function givesWay(entry, form, missed, target) {
  const field = form.fields.find((other) => other.key === missed.key);
  const old = target === null ? "" : entry.work[target].values[missed.key];
  return field && isList(field) ? "" : valueText(old);
}

/**
 * Put what was missed into its field, as one step. Returns the customer.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {Missed} missed
 * @param {number | null} target null: a new customer, named as who said it unless that is somebody of the staff
 * @param {number} now
 */
export function takeMissed(entry, form, missed, target, now) {
  const speaker = speakerOf(entry, missed);
  const name = speaker && speaker.role !== ROLE.STAFF ? speaker.name : "";
  const work = target === null ? [...entry.work, blankCustomer(form, name)] : [...entry.work];
  const index = target ?? entry.work.length;
  const mine = work[index];
  const { [missed.key]: _, ...delta } = mine.delta;
  work[index] = {
    ...mine,
    values: { ...mine.values, [missed.key]: withMissed(form, missed, mine.values[missed.key]) },
    confirmed: { ...mine.confirmed, [missed.key]: ONE_BY_ONE },
    delta,
  };
  commit(entry, work, "", now);
  return index;
}
