// @ts-check
// Values of fields: emptiness, equality, list items, what can be chosen. Pure; tested with node.
/** @import { ChatPayload, FormField, Value } from "./types.js" */
import { CONFIRMATION, ROLE } from "./words.js";

export const { UNSEEN, SINGLE: ONE_BY_ONE, BULK: IN_BULK } = CONFIRMATION;

/**
 * What is drawn as nothing, or as a blank, as a pattern writes it between brackets. The list, with its reasons, is that of
 * core/domain/unseen_characters.py; both are tested by tests/domain/unseen_characters.json.
 */
export const NO_SHAPE =
  "\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\u2800\\u3164" +
  "\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\\u{1bca0}-\\u{1bca3}\\u{1d159}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}";
const BLANK = new RegExp(`^[\\s\\u001c-\\u001f\\u0085${NO_SHAPE}]*$`, "u");

/**
 * Whether a value says nothing: "", [], nothing that can be seen.
 * @param {Value | null | undefined} value
 */
export function isEmpty(value) {
  return [value ?? ""].flat().every((text) => BLANK.test(text));
}

/** @param {FormField} field */
export function isList(field) {
  return field.type === "list[str]";
}

/** @param {FormField} field */
export function emptyValue(field) {
  return isList(field) ? [] : "";
}

/**
 * The items of a list value, split as the scorer splits them (labels write several into one string).
 * @param {Value | null | undefined} value
 */
export function splitItems(value) {
  const parts = (Array.isArray(value) ? value : [value ?? ""]).flatMap((text) => text.split(/[、，,]/));
  return [...new Set(parts.map((part) => part.trim()).filter(Boolean))];
}

/**
 * What somebody has typed into the free entry of a choice: nothing while it is only blanks, for a stray one would make
 * text of the digit behind it; a quotation mark before a digit says that it is text, and is no part of it.
 * @param {string} typed
 */
export function ownText(typed) {
  return BLANK.test(typed) ? "" : typed.replace(/^\s*['‘’＇](?=\p{Nd})/u, "");
}

/**
 * Whether two values say the same: lists as sets of their items, texts without outer white space.
 * @param {Value | null | undefined} a
 * @param {Value | null | undefined} b
 */
export function sameValue(a, b) {
  if (Array.isArray(a) || Array.isArray(b)) {
    const left = splitItems(a ?? []);
    const right = new Set(splitItems(b ?? []));
    return left.length === right.size && left.every((item) => right.has(item));
  }
  return (a ?? "").trim() === (b ?? "").trim();
}

/**
 * A value as one line of text.
 * @param {Value | null | undefined} value
 */
export function valueText(value) {
  return Array.isArray(value) ? value.join("、") : (value ?? "");
}

/**
 * A list value with one item put in, or taken out where it was in.
 * @param {Value} value
 * @param {string} item
 */
export function toggleItem(value, item) {
  const items = splitItems(value);
  return items.includes(item) ? items.filter((other) => other !== item) : [...items, item];
}

/**
 * A list value with typed text added; the text may hold several items.
 * @param {Value | null} value
 * @param {string} text
 */
export function addItems(value, text) {
  return splitItems([...(value ?? []), text]);
}

/**
 * What a field suggests in this chat, in the order of its digits; any other value stays possible.
 * @param {FormField} field
 * @param {ChatPayload | null} chat
 */
export function optionsOf(field, chat) {
  if (field.kind === "staff") {
    return (chat?.speakers ?? []).filter((speaker) => speaker.role === ROLE.STAFF).map((speaker) => speaker.name);
  }
  return field.values ?? [];
}

/**
 * Whether a field is drawn as choices (with free entry) instead of a plain text.
 * @param {FormField} field
 */
export function isChoice(field) {
  return isList(field) || (field.values ?? []).length > 0;
}

/**
 * Whether a field takes the form's whole width: lists, long choices and texts that are sentences.
 * @param {FormField} field
 */
export function isWide(field) {
  if (isList(field)) return true;
  if ((field.values ?? []).length > 0) return field.values.join("").length > 8;
  return isLongText(field);
}

/**
 * Texts that are sentences grow with what is typed; the form file says so by kind and points.
 * @param {FormField} field
 */
export function isLongText(field) {
  return field.kind === "text" && field.points >= 2;
}
