// @ts-check
// A name in a form that nobody has in the chat, or that staff have: a stray key in the field that the focus starts in, a
// slip, or the wrong person. Pure.
/** @import { Entry, FormPayload, MessagePayload, Remark } from "./types.js" */
import { subjectAt } from "./form_words.js";
import { isPartSetApart, plainText, standsIn } from "./names.js";
import { rememberLast } from "./remember.js";
import { isEmpty, sameValue, valueText } from "./values.js";
import { ROLE, STATUS } from "./words.js";

/** @param {MessagePayload} message */
const writtenIn = ({ quote, parts }) => [quote?.text, ...parts.map(({ t }) => t)].filter(Boolean).join("");

/** @type {(entry: Entry) => string} all that is said in the chat, as names are compared */
const chatText = rememberLast(
  (entry) => [entry.chat.messages],
  ({ chat }) => plainText(chat.messages.map(writtenIn).join("\n")),
);

/**
 * Every name that the chat came with: those of the run that it is compared with, of other runs and of a newer one, and
 * those that somebody has decided on.
 * @param {Entry} entry
 * @param {string} key of the field with the name
 */
function namesGiven(entry, key) {
  const { chat, work } = entry;
  return [
    ...chat.customers.flatMap(({ baseline, delta }) => [baseline?.[key], delta?.[key]]),
    ...work.flatMap(({ baseline, others }) => [baseline?.[key], ...(others[key] ?? []).map(({ value }) => value)]),
    ...(chat.delta_new ?? []).map((values) => values[key]),
    ...namesDecided(entry, key),
  ];
}

/**
 * The names that somebody has decided on.
 * @param {Entry} entry
 * @param {string} key of the field with the name
 */
function namesDecided({ settled }, key) {
  return settled && settled.status !== STATUS.UNREVIEWED ? settled.work.map(({ values }) => values[key]) : [];
}

/**
 * A customer who was put in as somebody whom the chat shows as staff, as the checks will say of it once it is saved. The
 * name that the run gave is for the checks; who pinned a message for it, or decided on it, has answered.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {number} index
 * @returns {Remark | null}
 */
export function staffName(entry, form, index) {
  const key = form.name_field;
  const { values, pinned, baseline } = entry.work[index];
  const name = valueText(values[key]).trim();
  const speaker = (entry.chat.speakers ?? []).find((one) => one.name === name && one.role === ROLE.STAFF);
  if (!speaker || pinned[key]?.length || (baseline && sameValue(baseline[key], values[key]))) return null;
  if (namesDecided(entry, key).some((decided) => sameValue(decided, values[key]))) return null;
  const [reason] = speaker.reasons ?? [];
  const text = `「${name}」看起来是${form.staff}${reason ? `（${reason}）` : ""}`;
  return { index, key, level: "warning", hint: text, text };
}

/**
 * A name that neither stands in the chat nor came with it; a piece that is left of such a name is none, nor is a single
 * character. Who pinned a message for it has answered.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {number} index
 * @returns {Remark | null}
 */
export function strangeName(entry, form, index) {
  const key = form.name_field;
  const { values, pinned, baseline } = entry.work[index];
  const value = values[key];
  if (isEmpty(value) || pinned[key]?.length || (baseline && sameValue(baseline[key], value))) return null;
  const given = namesGiven(entry, key).filter((name) => !isEmpty(name));
  if (given.some((name) => sameValue(name, value))) return null;
  const name = valueText(value);
  const people = [...(entry.chat.speakers ?? []).map((speaker) => speaker.name), ...given.map(valueText)];
  if (people.some((person) => isPartSetApart(name, person))) return null;
  if ([...name.trim()].length > 1 && standsIn(name, chatText(entry), people)) return null;
  const text = `${subjectAt(form, index)} 的名字「${name}」聊天里没有出现过`;
  return { index, key, level: "warning", hint: "聊天里没有这个名字", text };
}
