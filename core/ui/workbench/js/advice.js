// @ts-check
// What the workbench advises beside a field: warnings and hints, other values and who says so, what stops an approval. Pure.
/** @import { Alternative, Entry, FormField, FormPayload, Place, Remark, RunName, Stop, Value, WorkCustomer } from "./types.js" */
import { discussionStops } from "./discussions.js";
import { subjectAt } from "./form_words.js";
import { openMissed, placeText } from "./missed.js";
import { confirmationOf, confirmedCount, isChanged, isDelta, markOf, nextUnseen } from "./model.js";
import { rememberLast } from "./remember.js";
import { staffName, strangeName } from "./strange_name.js";
import { isEmpty, ONE_BY_ONE, sameValue, UNSEEN } from "./values.js";
import { EVIDENCE, STATUS } from "./words.js";

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
 * @type {(entry: Entry, form: FormPayload) => Remark[]}
 */
export const remarks = rememberLast((entry, form) => [entry.work, entry.settled, form], findRemarks);

/**
 * @param {Entry} entry
 * @param {FormPayload} form
 */
function findRemarks(entry, form) {
  /** @type {Remark[]} */
  const found = [];
  entry.work.forEach((customer, index) => {
    const ofPerson = strangeName(entry, form, index) ?? staffName(entry, form, index);
    const ofName = emptyForm(entry, form, index) ?? nameless(entry, form, index) ?? ofPerson;
    if (ofName) found.push(ofName);
    if (form.fields.every((field) => isEmpty(customer.values[field.key]))) return;
    for (const field of form.fields) {
      const { key } = field;
      if (confirmationOf(customer, key) === ONE_BY_ONE) continue;
      const asServed = customer.marked !== null && sameValue(customer.values[key], customer.marked[key]);
      // Remarks go with the values that they were made for: after an undo, those of the value that is back count.
      const isNews = (/** @type {string} */ text) => ofName?.key !== key || ofName.text !== text;
      const told = asServed ? customer.warnings.filter((one) => one.key === key && isNews(one.text)) : [];
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
 * Whether a field was empty from the start: only then is its confirmation an answer. What somebody emptied counts as
 * confirmed, too, and may be a slip.
 * @param {WorkCustomer} customer
 * @param {string} key
 */
function cameEmpty({ baseline }, key) {
  return baseline !== null && isEmpty(baseline[key]);
}

/**
 * A form in which nothing is filled. Beside others it is a warning whether somebody looked at its fields or not: one form
 * more costs points for nothing. Alone it may be right, and somebody has to say so.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {number} index
 * @returns {Remark | null}
 */
function emptyForm(entry, form, index) {
  const customer = entry.work[index];
  if (!form.fields.every((field) => isEmpty(customer.values[field.key]))) return null;
  const remark = { index, key: form.name_field, level: /** @type {const} */ ("warning"), hint: "空表" };
  if (entry.work.length > 1)
    return { ...remark, text: `${subjectAt(form, index)} 一个字段也没有填：请填写或删除，多一张空表会扣分` };
  const isOpen = form.fields.some(({ key }) => confirmationOf(customer, key) === UNSEEN || !cameEmpty(customer, key));
  return isOpen ? { ...remark, text: "整张表一个字段也没有填" } : null;
}

/**
 * A form in which something is filled and nobody's name stands; who confirmed by itself that none came has answered.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {number} index
 * @returns {Remark | null}
 */
function nameless(entry, form, index) {
  const customer = entry.work[index];
  const key = form.name_field;
  const isFilled = form.fields.some((field) => !isEmpty(customer.values[field.key]));
  if (!isFilled || !isEmpty(customer.values[key])) return null;
  if (confirmationOf(customer, key) === ONE_BY_ONE && cameEmpty(customer, key)) return null;
  return { index, key, level: "warning", hint: "没有名字", text: `${subjectAt(form, index)} 还没有名字` };
}

/**
 * What takes the first approval of a chat: warnings that nobody has answered, and what was said and stands in no form.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @returns {Stop[]}
 */
export function approvalStops(entry, form) {
  const missed = openMissed(entry).map((one) => ({
    index: 0,
    key: one.key,
    message: one.message,
    text: `聊天里还有没填的「${one.value}」（${placeText(entry, form, one)}）：Alt+F 看，Alt+H 不用填`,
  }));
  const news = entry.news ? [{ ...entry.news, message: null }] : [];
  const warnings = openWarnings(entry, form).map((warning) => ({ ...warning, message: null }));
  return [...news, ...warnings, ...missed, ...discussionStops(entry, form)];
}

const DELTA_STOP = "delta:";

/**
 * What takes the first approval, each with a name of its own.
 * @param {Entry} entry
 * @param {FormPayload} form
 */
function othersOf(entry, form) {
  return approvalStops(entry, form).map((stop) => ({
    ...stop,
    id: JSON.stringify([entry.work[stop.index]?.uid, stop.key, stop.message, stop.text, stop.mark]),
  }));
}

/**
 * The stops that were not shown yet: each takes one approval. A difference that a delta review asks about goes before
 * everything else, and what is behind it is shown after it.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {Place} from where somebody is
 * @returns {(Stop & { id: string })[]}
 */
export function newStops(entry, form, from) {
  const asked = isDelta(entry) ? nextUnseen(entry, form, from.index, from.key) : null;
  const text = "这里新的抽取任务的值不同，还没有看";
  const id = `${DELTA_STOP}${asked && entry.work[asked.index]?.uid}`;
  const differences = asked ? [{ ...asked, text, message: null, id }] : [];
  const others = othersOf(entry, form);
  const isNew = (/** @type {{ id: string }} */ { id }) => !entry.shown.includes(id);
  const [first] = differences.filter(isNew);
  return first ? [first] : others.filter(isNew);
}

/**
 * Let go of the stops that are open no more: where one comes back, it takes an approval again.
 * @param {Entry} entry
 * @param {FormPayload} form
 */
export function forgetAnswered(entry, form) {
  if (!entry.shown.length) return;
  const open = new Set(othersOf(entry, form).map(({ id }) => id));
  entry.shown = entry.shown.filter((id) => id.startsWith(DELTA_STOP) || open.has(id));
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
  if (customer.baseline !== null && isChanged(customer, key)) hear(customer.baseline[key], [run?.name ?? "抽取任务"]);
  for (const { value, who } of customer.others?.[key] ?? []) hear(value, who);
  return said.filter((one) => !sameValue(one.value, customer.values[key]));
}

/**
 * Who gives a field another value than the one that stands there: runs by name, labels as 标注.
 * @param {WorkCustomer} customer
 * @param {string} key
 */
export function differing(customer, key) {
  return alternatives({ ...customer, baseline: null }, key, null).flatMap(({ who }) => who);
}

/**
 * How many other runs differ about a field (`≠ 2/3`); nothing where that is too little to mean something.
 * @param {WorkCustomer} customer
 * @param {string} key
 */
export function dissent(customer, key) {
  const differing = alternatives({ ...customer, baseline: null }, key, null);
  if (!differing.length) return "";
  if (!customer.dissent) return "≠";
  const known = customer.dissent[key];
  if (!known) return "";
  const runs = differing.reduce((sum, one) => sum + one.who.length, 0);
  return `≠ ${Math.min(runs, known.of)}/${known.of}`;
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
  if (customer.baseline !== null) hear(customer.baseline[key], [run?.name ?? "抽取任务"]);
  for (const { value, who } of customer.others?.[key] ?? []) hear(value, who);
  if (!all.length) return null;
  const at = all.findIndex((one) => sameValue(one.value, customer.values[key]));
  const next = all[(at + 1) % all.length];
  return sameValue(next.value, customer.values[key]) ? null : next;
}

/**
 * A customer of a chat as it came from the server, where its form still stands for the same one.
 * @param {Entry} entry
 * @param {WorkCustomer} customer
 */
export const arrived = (entry, customer) =>
  customer.source === null ? undefined : entry.chat.customers[customer.source];

/**
 * How often values like this one of the run are right; nothing once the value is another, or where it is not known.
 * @param {Entry} entry
 * @param {WorkCustomer} customer
 * @param {string} key
 */
export function surenessText(entry, customer, key) {
  const percent = arrived(entry, customer)?.sure?.[key];
  const isOfRun = customer.baseline !== null && sameValue(customer.baseline[key], customer.values[key]);
  return percent === undefined || !isOfRun ? "" : `这样的值 ${percent} % 对`;
}

/**
 * How many points may be lost on a chat, and whether that is a guess by rules; nothing once all of it is approved.
 * @param {Entry} entry
 * @param {FormPayload} form
 */
export function lossText(entry, form) {
  const { expected_loss: loss, loss_estimated: estimated } = entry.chat;
  const filled = entry.work.length > 0 && entry.work.every((one) => confirmedCount(one, form) === form.fields.length);
  if (typeof loss !== "number" || filled || entry.status === STATUS.CONFIRMED) return "";
  return `${estimated ? "按规则" : "本条"}预计失 ${loss.toFixed(1)} 分`;
}
