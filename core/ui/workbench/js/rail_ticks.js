// @ts-check
// What the rail beside the chat has to mark: evidence, doubts, what was missed and what was searched, as places in messages,
// and these as ticks along a height. Pure.
/** @import { Entry, FormPayload, Hit, MessagePayload, RailMark, RailTick } from "./types.js" */
import { doubtsOf } from "./doubts.js";
import { openMissed } from "./missed.js";
import { markOf } from "./model.js";

/** What each kind of tick is called. */
export const TICK_KINDS = { evidence: "依据", doubt: "疑点", missed: "聊天里还有", hit: "查到" };
/** Two ticks of a kind that are nearer than so many pixels are one. */
const TICK_ROOM = 4;

/**
 * How far into a message's text a piece of evidence begins, from 0 to 1: it matters where the message is long.
 * @param {MessagePayload} message
 * @param {string} id
 */
function shareOf({ quote, parts }, id) {
  let [before, whole, at] = [0, 0, -1];
  for (const { t, e } of [...(quote?.parts ?? []), ...parts]) {
    if (at < 0 && e.includes(id)) at = before;
    before += t.length;
    whole += t.length;
  }
  return at > 0 && whole > 0 ? at / whole : 0;
}

/**
 * All that the rail marks for one customer of a chat; `places` are the messages that hold each piece of evidence.
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {number} index
 * @param {Map<string, number[]>} places
 * @param {Hit[]} hits
 * @returns {RailMark[]}
 */
export function railMarks(entry, form, index, places, hits) {
  const customer = entry.work[index];
  const { messages } = entry.chat;
  const doubtful = new Set(doubtsOf(entry, form).flatMap((one) => (one.index === index ? [one.key] : [])));
  /** @type {RailMark[]} */
  const marks = [];
  /** @type {(kind: RailMark["kind"], group: number, label: string, number: number, id: string, hit?: number) => void} */
  const add = (kind, group, label, number, id, hit = -1) => {
    const message = messages[number];
    if (message) marks.push({ kind, group, label, message: number, share: id ? shareOf(message, id) : 0, id, hit });
  };
  for (const { key, label, group } of form.fields) {
    const mark = markOf(customer, key);
    const kind = doubtful.has(key) ? "doubt" : "evidence";
    const colour = (form.groups.indexOf(group) % 5) + 1;
    const held = (mark?.evidence ?? []).flatMap((id) => (places.get(id) ?? []).map((number) => ({ id, number })));
    const where = held.length ? held : (mark?.messages ?? []).map((number) => ({ id: "", number }));
    for (const { id, number } of where) add(kind, colour, label, number, id);
    for (const number of customer.pinned[key] ?? []) add(kind, colour, `${label}（钉）`, number, "");
  }
  for (const one of openMissed(entry)) add("missed", 0, one.value, one.message, one.id);
  hits.forEach(({ message, start }, number) => {
    const { parts } = messages[message] ?? { parts: [] };
    const length = parts.length === 1 ? parts[0].t.length : parts.reduce((sum, part) => sum + part.t.length, 0);
    const share = length > 0 ? Math.min(1, start / length) : 0;
    marks.push({ kind: "hit", group: 0, label: "", message, share, id: "", hit: number });
  });
  return marks;
}

/**
 * Marks as ticks along a height in pixels, from the top down; those of a kind that would lie on one another are one.
 * @param {RailMark[]} marks
 * @param {(mark: RailMark) => number | null} placeOf pixels from the top; null where the message is hidden
 * @returns {RailTick[]}
 */
export function ticksOf(marks, placeOf) {
  const kinds = Object.keys(TICK_KINDS);
  /** @type {Map<number, RailTick>} by place and kind, as one number: a search may have as many hits as a chat messages */
  const ticks = new Map();
  for (const mark of marks) {
    const top = placeOf(mark);
    if (top === null) continue;
    const slot = Math.round(top / TICK_ROOM) * kinds.length + kinds.indexOf(mark.kind);
    const there = ticks.get(slot);
    if (there) {
      there.more += 1;
      if (!there.labels.includes(mark.label) && there.labels.length < 3) there.labels.push(mark.label);
    } else ticks.set(slot, { ...mark, top: Math.round(top), more: 0, labels: [mark.label] });
  }
  return [...ticks.values()].sort((a, b) => a.top - b.top || a.kind.localeCompare(b.kind));
}

/**
 * What a tick says: its kind, what it is about, and where that is.
 * @param {RailTick} tick
 * @param {MessagePayload[]} messages
 */
export function tickText({ kind, labels, message, more }, messages) {
  const about = labels.filter(Boolean).join("、");
  const speaker = messages[message]?.speaker ?? "";
  const where = `${speaker ? `${speaker} · ` : ""}第 ${message + 1} 条消息`;
  return [TICK_KINDS[kind] + (about ? `：${about}` : ""), where + (more ? `，共 ${more + 1} 处` : "")].join(" · ");
}

/**
 * The tick nearest to a height, within so many pixels; null where there is none.
 * @param {RailTick[]} ticks
 * @param {number} top
 * @param {number} reach
 */
export function nearestTick(ticks, top, reach) {
  let nearest = null;
  for (const tick of ticks) {
    const away = Math.abs(tick.top - top);
    if (away <= reach && (!nearest || away < Math.abs(nearest.top - top))) nearest = tick;
  }
  return nearest;
}
