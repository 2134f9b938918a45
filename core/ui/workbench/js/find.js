// @ts-check
// Places in the messages of a pane: where words stand (search), and single words to pick without a mouse.
// Both are drawn by the browser's highlights over text that stays as it is; where those are missing, rows still show.
/** @import { ChatPayload, Hit, Pane, TextPiece } from "./types.js" */

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
function textOf(row) {
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

/**
 * Every place where the words stand, in order: `[{row, range}]` (`range` is null where a speaker's name holds them).
 * @param {ChatPayload} chat
 * @param {Pane} pane
 * @param {string} words
 */
export function findHits(chat, pane, words) {
  const needle = words.trim().toLowerCase();
  if (!needle) return [];
  /** @type {Hit[]} */
  const hits = [];
  for (const message of chat.messages) {
    const said = `${message.quote?.text ?? ""}\n${message.parts.map((part) => part.t).join("")}`.toLowerCase();
    const row = pane.rows.get(message.i);
    if (!row) continue;
    if (message.speaker.toLowerCase().includes(needle) && !message.same)
      hits.push({ row, message: message.i, range: null });
    if (!said.includes(needle)) continue;
    const { text, nodes } = textOf(row);
    const folded = text.toLowerCase();
    for (let at = folded.indexOf(needle); at >= 0; at = folded.indexOf(needle, at + needle.length)) {
      hits.push({ row, message: message.i, range: rangeOf(nodes, at, at + needle.length) });
    }
  }
  return hits;
}

/** Where a clause ends. */
const CLAUSE_END = /[，。！？；、：,.!?;:\n…]/;

/**
 * The words of a message's row in order: `[{text, start, end, isWord}]`, what lies between them too.
 * @param {HTMLElement} row
 */
function wordsOf(row) {
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
  /** @type {ReturnType<typeof wordsOf>} the words of that row */
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
    at = wordsOf(other);
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
