// @ts-check
// A name in a form that nobody has in the chat: a stray key in the field that the focus starts in, or a slip. Pure.
/** @import { Entry, FormPayload, MessagePayload, Remark } from "./types.js" */
import { isPartSetApart, plainText, standsIn } from "./names.js";
import { rememberLast } from "./remember.js";
import { isEmpty, sameValue, valueText } from "./values.js";
import { STATUS } from "./words.js";

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
function namesGiven({ chat, work, settled }, key) {
  const decided = settled && settled.status !== STATUS.UNREVIEWED ? settled.work : [];
  return [
    ...chat.customers.flatMap(({ baseline, delta }) => [baseline?.[key], delta?.[key]]),
    ...work.flatMap(({ baseline, others }) => [baseline?.[key], ...(others[key] ?? []).map(({ value }) => value)]),
    ...(chat.delta_new ?? []).map((values) => values[key]),
    ...decided.map(({ values }) => values[key]),
  ];
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
  const text = `客户 ${index + 1} 的名字「${name}」聊天里没有出现过`;
  return { index, key, level: "warning", hint: "聊天里没有这个名字", text };
}
