// @ts-check
// Places in the messages of a pane: where words stand (search), and single words to pick without a mouse.
// Both are drawn by the browser's highlights over text that stays as it is; where those are missing, rows still show.
/** @import { ChatPayload, Hit, MessagePayload, Pane, TextPiece } from "./types.js" */

import { textOfMessage } from "./messages.js";

const FOUND = "shiyao-found";
const FOUND_NOW = "shiyao-found-now";
const MOST_DRAWN = 2000;
const supported = typeof Highlight !== "undefined" && typeof CSS !== "undefined" && "highlights" in CSS;

/**
 * Draw ranges as `::highlight(name)`; an empty list takes them away.
 * @param {string} name
 * @param {Range[]} ranges
 */
export function highlight(name, ranges) {
  if (!supported) return;
  if (ranges.length) CSS.highlights.set(name, new Highlight(...ranges));
  else CSS.highlights.delete(name);
}

/**
 * The text of a message's row and its text nodes, without what only screen readers are told.
 * @param {HTMLElement} row
 */
export function textOf(row) {
  /** @type {TextPiece[]} */
  const nodes = [];
  let text = "";
  const walker = document.createTreeWalker(row.querySelector(".body") ?? row, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement?.classList.contains("visually-hidden")) continue;
    const piece = /** @type {Text} */ (node);
    nodes.push({ node: piece, start: text.length });
    text += piece.data;
  }
  return { text, nodes };
}

/**
 * @param {TextPiece[]} nodes
 * @param {number} start
 * @param {number} end
 */
function rangeOf(nodes, start, end) {
  const range = document.createRange();
  const at = (/** @type {number} */ offset) => nodes.findLast((one) => one.start <= offset) ?? nodes[0];
  const [first, last] = [at(start), at(end - 1)];
  range.setStart(first.node, start - first.start);
  range.setEnd(last.node, end - last.start);
  return range;
}

/** @type {WeakMap<MessagePayload, string>} what is searched of each message */
const searched = new WeakMap();

/** @param {MessagePayload} message */
function searchedText(message) {
  const known = searched.get(message);
  if (known !== undefined) return known;
  const text = textOfMessage(message).toLowerCase();
  searched.set(message, text);
  return text;
}

/**
 * Every place where the words stand, in order; without a range where a speaker's name holds them.
 * @param {ChatPayload} chat
 * @param {string} words
 */
export function findHits(chat, words) {
  const needle = words.trim().toLowerCase();
  /** @type {Hit[]} */
  const hits = [];
  if (!needle) return hits;
  for (const message of chat.messages) {
    if (!message.same && message.speaker.toLowerCase().includes(needle))
      hits.push({ message: message.i, start: 0, end: 0 });
    const text = searchedText(message);
    for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + needle.length)) {
      hits.push({ message: message.i, start: at, end: at + needle.length });
    }
  }
  return hits;
}

/** Where a clause ends. */
const CLAUSE_END = /[，。！？；、：,.!?;:\n…]/;

/**
 * Show hits in the rows that are there, the one where we are apart; returns its row. More than a few thousand are no
 * help to anybody, and browsers draw each anew in every frame.
 * @param {Pane} pane
 */
export function drawHits(pane) {
  const { list, hits, hitNow } = pane;
  for (const row of pane.hitRows) row.classList.remove("hit", "current");
  pane.hitRows = [];
  if (!hits.length && !pane.hasHits) return null;
  pane.hasHits = hits.length > 0;
  /** @type {Range[]} */
  const ranges = [];
  const first = Math.max(0, hitNow - MOST_DRAWN / 2);
  let last = /** @type {{ row: HTMLElement, text: ReturnType<typeof textOf> } | null} */ (null);
  for (const { message, start, end } of hits.slice(first, first + MOST_DRAWN)) {
    const row = list.rows.get(message);
    if (!row) continue;
    if (last?.row !== row) {
      last = { row, text: textOf(row) };
      row.classList.add("hit");
      pane.hitRows.push(row);
    }
    if (end > start) ranges.push(rangeOf(last.text.nodes, start, end));
  }
  const hit = hits[hitNow];
  const row = hit ? (list.rows.get(hit.message) ?? null) : null;
  highlight(FOUND, ranges);
  highlight(FOUND_NOW, hit && row && hit.end > hit.start ? [rangeOf(textOf(row).nodes, hit.start, hit.end)] : []);
  row?.classList.add("current");
  return row;
}

/**
 * Show no hits any more.
 * @param {Pane} pane
 */
export function clearHits(pane) {
  Object.assign(pane, { hits: [], hitNow: -1 });
  drawHits(pane);
}

/**
 * The words of a message's row in order: `[{text, start, end, isWord}]`, what lies between them too.
 * @param {HTMLElement} row
 */
function wordsOfRow(row) {
  const { text, nodes } = textOf(row);
  const segments = [...new Intl.Segmenter("zh", { granularity: "word" }).segment(text)];
  return {
    text,
    nodes,
    words: segments.map((one) => ({ start: one.index, end: one.index + one.segment.length, isWord: one.isWordLike })),
  };
}

/**
 * Picking words of a message: `step(by)` takes the next or previous word, `grow(by)` more or fewer of them. Each returns
 * the text that is picked ("" for none).
 * @param {string} name
 */
export function makePicker(name) {
  /** @type {HTMLElement | null} */
  let row = null;
  let from = -1;
  let to = -1;
  /** @type {ReturnType<typeof wordsOfRow>} the words of that row */
  let at = { text: "", nodes: [], words: [] };

  function clear() {
    row = null;
    from = to = -1;
    highlight(name, []);
    return "";
  }

  function draw() {
    if (from < 0) return clear();
    const [start, end] = [at.words[from].start, at.words[to].end];
    highlight(name, [rangeOf(at.nodes, start, end)]);
    return at.text.slice(start, end).trim();
  }

  /** @param {HTMLElement} other */
  function open(other) {
    if (row !== other) {
      row = other;
      from = to = -1;
    }
    at = wordsOfRow(other);
  }

  /**
   * Pick the next or the previous word.
   * @param {HTMLElement} other
   * @param {number} by
   */
  function step(other, by) {
    open(other);
    const start = from < 0 ? (by > 0 ? -1 : at.words.length) : by > 0 ? to : from;
    for (let i = start + by; i >= 0 && i < at.words.length; i += by) {
      if (!at.words[i].isWord) continue;
      from = to = i;
      break;
    }
    return draw();
  }

  /**
   * Pick one word more or less.
   * @param {HTMLElement} other
   * @param {number} by
   */
  function grow(other, by) {
    open(other);
    if (from < 0) return step(other, 1);
    if (by > 0) to = Math.min(at.words.length - 1, to + 1);
    else if (to > from) to -= 1;
    return draw();
  }

  /**
   * Pick on to the end of the clause; from there, to the end of the next one.
   * @param {HTMLElement} other
   */
  function clause(other) {
    open(other);
    if (from < 0) step(other, 1);
    if (from < 0) return clear();
    const isEnd = (/** @type {number} */ i) => CLAUSE_END.test(at.text.slice(at.words[i].start, at.words[i].end));
    const start = to + 1;
    let end = start;
    while (end < at.words.length && !at.words[end].isWord) end += 1;
    while (end < at.words.length && !isEnd(end)) end += 1;
    const rest = at.words.slice(start, end).findLastIndex((word) => word.isWord);
    if (rest >= 0) to = start + rest;
    return draw();
  }

  /**
   * Pick the whole message.
   * @param {HTMLElement} other
   */
  function whole(other) {
    open(other);
    if (!at.words.length) return clear();
    [from, to] = [0, at.words.length - 1];
    return draw();
  }

  return { clear, step, grow, clause, whole };
}
