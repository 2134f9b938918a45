// @ts-check
// The discussions of a chat: where each of them stands in the form now, which wait, and whom an @ may name. Pure.
/** @import { DiscussionPayload, Entry, FormPayload, Place, SentRemark, Stop } from "./types.js" */
import { subjectAt } from "./form_words.js";
import { valueText } from "./values.js";

/** Names that are offered for a mention. */
const MOST_NAMES = 6;
/** Characters that a discussion keeps of a customer's name. */
const MOST_OF_NAME = 200;

/** What a discussion of the whole chat is called. */
export const WHOLE_CHAT = "整条群聊";

/**
 * Whether nobody has resolved a discussion.
 * @param {DiscussionPayload} one
 */
export const isOpenDiscussion = (one) => !one.resolved_by;

/**
 * The name of a customer in work.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {number} index
 */
export function customerName(entry, form, index) {
  return valueText(entry.work[index]?.values[form.name_field] ?? "");
}

/**
 * Where a discussion stands now: with the customer of that name, by position only where it had none; null for the whole
 * chat, or for a customer who is gone or has another name now: whoever stands at that position may be somebody else.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {Pick<DiscussionPayload, "customer" | "customer_name" | "field">} one
 * @returns {Place | null}
 */
export function placeOfDiscussion(entry, form, one) {
  if (one.customer === null) return null;
  const index = indexOfCustomer(entry, form, one);
  return index >= 0 && index < entry.work.length ? { index, key: one.field } : null;
}

/**
 * Position of the customer that a discussion is about; -1 for one whose name is there no more.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {Pick<DiscussionPayload, "customer" | "customer_name">} one
 */
function indexOfCustomer(entry, form, one) {
  if (!one.customer_name) return one.customer ?? -1;
  const name = one.customer_name.trim();
  const isCut = name.length >= MOST_OF_NAME;
  const isHis = (/** @type {number} */ i) => {
    const other = customerName(entry, form, i).trim();
    return other === name || (isCut && other.startsWith(name));
  };
  const places = entry.work.map((_, i) => i).filter(isHis);
  // Among several of the name the position says which: it is kept as long as one of them stands there.
  return places.find((i) => i === one.customer) ?? places[0] ?? -1;
}

/**
 * Whether other customers of a chat have the same name.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {number} index
 */
export function isOfSeveral(entry, form, index) {
  const name = customerName(entry, form, index).trim();
  return entry.work.some((_, i) => i !== index && customerName(entry, form, i).trim() === name);
}

/**
 * The discussion of a field, or of the whole chat (`place` null); of several the one that is open, then the newest.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {Place | null} place
 */
export function discussionAt(entry, form, place) {
  const there = (entry.discussions ?? []).filter((one) => {
    const at = placeOfDiscussion(entry, form, one);
    if (!place) return one.customer === null;
    return at !== null && at.index === place.index && at.key === place.key;
  });
  return there.findLast(isOpenDiscussion) ?? there.at(-1) ?? null;
}

/**
 * The discussions of a chat that are open once what was said on this page has arrived.
 * @param {Entry | null} entry
 */
export function openDiscussions(entry) {
  const said = entry?.said ?? [];
  return (entry?.discussions ?? []).filter((one) => {
    const last = said.findLast(({ discussion, kind }) => discussion === one.id && (kind === "解决" || kind === "重开"));
    return last ? last.kind === "重开" : isOpenDiscussion(one);
  });
}

/**
 * How many of a chat's discussions are open, and how many of them wait for the reviewer: `讨论 2 · @我 1`.
 * @param {Entry | null} entry
 */
export function discussionCount(entry) {
  const open = openDiscussions(entry);
  const mine = open.filter((one) => one.awaits_me).length;
  return open.length ? `讨论 ${open.length}${mine ? ` · @我 ${mine}` : ""}` : "";
}

/**
 * What a field's row says of its discussion: how many comments, and whether it waits.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {Place} place
 */
export function discussionMark(entry, form, place) {
  const one = entry.discussions?.length ? discussionAt(entry, form, place) : null;
  if (!one) return { text: "", title: "", isOpen: false };
  const comments = one.earlier + one.turns.filter((turn) => turn.step === "评论" && !turn.deleted_by).length;
  const isOpen = isOpenDiscussion(one);
  const state = isOpen ? (one.awaits_me ? "有人 @ 您" : "未解决") : `${one.resolved_by} 已解决`;
  return { text: `讨论 ${comments}`, title: `这里的讨论：${state}`, isOpen };
}

/**
 * The open discussions that take the first approval of a chat: those in which the reviewer is awaited, then those that
 * they have opened themselves, but for what they alone have noted about the whole chat. Others' are only told of.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @returns {Stop[]}
 */
export function discussionStops(entry, form) {
  const open = openDiscussions(entry).filter((one) => !one.is_own);
  const asked = open.filter((one) => one.awaits_me);
  const own = open.filter((one) => one.is_mine && !one.awaits_me);
  /** @type {(one: DiscussionPayload | SentRemark, text: string, mark: unknown[]) => Stop} */
  const stop = (one, text, mark) => {
    const place = placeOfDiscussion(entry, form, one);
    const key = form.fields.some((field) => field.key === place?.key) ? (place?.key ?? "") : form.name_field;
    const about = discussionTitle(entry, form, one);
    const said = { text: `${text.replace("…", `「${about}」`)}（Alt+; 看）`, mark: mark.join() };
    return { index: place?.index ?? 0, key, message: null, isTalk: true, ...said };
  };
  return [
    ...asked.map((one) => stop(one, "…的讨论里有人在等您回复", [one.id, one.turns.at(-1)?.id])),
    ...own.map((one) => stop(one, "您提的…的讨论还没有解决", [one.id, one.turns.at(-1)?.id])),
    ...justAsked(entry).map((one) => stop(one, "您刚提的…的讨论还没有解决", [one.customer, one.field])),
  ];
}

/**
 * What was asked on this page and has no discussion yet, for its answer is not there: one of each place.
 * @param {Entry} entry
 */
function justAsked(entry) {
  const asked = (entry.said ?? []).filter((one) => !one.discussion && one.kind === "评论");
  return asked.filter((one, i) => i === asked.findIndex((other) => isSamePlace(one, other)));
}

/** @type {(one: SentRemark, other: SentRemark) => boolean} */
const isSamePlace = (one, other) =>
  one.customer === other.customer && one.field === other.field && one.customer_name === other.customer_name;

/**
 * What an approval says of the discussions of a chat: how many stay open, and that one's own note is settled with it.
 * @param {Entry} entry
 */
export function discussionsLeft(entry) {
  const open = openDiscussions(entry);
  const left = open.filter((one) => !one.is_own).length + justAsked(entry).length;
  const own = open.length > open.filter((one) => !one.is_own).length ? "您提的讨论一并解决" : "";
  return [left ? `还有 ${left} 处讨论没有解决` : "", own].filter(Boolean).join("；");
}

/**
 * What a discussion is about, in words; one whose customer is gone stands with the whole chat, under the name it had.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {Pick<DiscussionPayload, "customer" | "customer_name" | "field">} one
 */
export function discussionTitle(entry, form, one) {
  if (one.customer === null) return WHOLE_CHAT;
  const label = form.fields.find((field) => field.key === one.field)?.label ?? one.field;
  const name = one.customer_name || subjectAt(form, one.customer);
  const index = indexOfCustomer(entry, form, one);
  const isThere = index >= 0 && index < entry.work.length;
  const gone = one.customer_name ? `原${form.subject} ${name}` : `原${name}`;
  const who = isThere ? [entry.work.length > 1 ? name : ""] : [WHOLE_CHAT, gone];
  return [...who, label].filter(Boolean).join(" · ");
}

/**
 * The discussion behind another in the round of a chat's, open ones first; null where there is no other.
 * @param {Entry} entry
 * @param {number} id of the one that is shown; 0 for none
 */
export function nextDiscussion(entry, id) {
  const all = entry.discussions ?? [];
  const open = all.filter(isOpenDiscussion);
  const round = open.some((one) => one.id !== id) ? open : all;
  const at = round.findIndex((one) => one.id === id);
  const next = round[(at + 1) % Math.max(1, round.length)];
  return next && next.id !== id ? next : null;
}

/**
 * The mention that is being written before the caret: where its @ stands, and the names that it may become; null for none.
 * @param {string} text
 * @param {number} caret
 * @param {string[]} people
 */
export function mentionAt(text, caret, people) {
  const before = /(^|[^A-Za-z0-9._%+-])[@＠]([^\s@＠]{0,40})$/.exec(text.slice(0, caret));
  if (!before) return null;
  const begun = before[2].normalize("NFKC").toLowerCase();
  const names = people.filter((name) => name.normalize("NFKC").toLowerCase().startsWith(begun));
  if (names.length === 1 && names[0].normalize("NFKC").toLowerCase() === begun) return null; // written out already
  return names.length ? { start: caret - before[2].length - 1, names: names.slice(0, MOST_NAMES) } : null;
}

/**
 * What somebody else has done in a chat's discussions since they came last, as a sentence; "" for nothing.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {DiscussionPayload[]} before
 * @param {string} reviewer
 */
export function newsOfDiscussions(entry, form, before, reviewer) {
  const known = new Map(before.map((one) => [one.id, one]));
  const lines = (entry.discussions ?? []).map((one) => {
    const was = known.get(one.id);
    const last = one.turns.at(-1);
    const isNew = last && last.who !== reviewer && last.id > (was?.turns.at(-1)?.id ?? 0);
    if (!isNew) return "";
    const about = discussionTitle(entry, form, one);
    if (last.step === "解决") return `${last.who} 解决了「${about}」的讨论`;
    return last.step === "重开" ? `${last.who} 重开了「${about}」的讨论` : `${last.who} 在「${about}」里写了评论`;
  });
  return lines.filter(Boolean).join("；");
}
