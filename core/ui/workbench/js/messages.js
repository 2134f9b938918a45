// @ts-check
// One message of a chat as a row: who said it, what was quoted, what was said with its evidence, and when.
/** @import { MessagePayload, Part, PaneMark } from "./types.js" */
import { h } from "./dom.js";
import { ROLE } from "./words.js";

/** Placeholders, mentions, and in a quoted reply the closing mark and the dashes behind what that one quoted. */
const MUTED = /(\[[^[\]\n]{1,8}\]|@[^\s@：:，,]{1,20}|["”」][ \t]*\n(?:[-—–－][ \u00a0]?){4,}[ \t]*\n)/;
/** A longer text is cut into pieces that browsers lay out and paint only where they are in view. */
const LONG_TEXT = 6000;
const PIECE_LENGTH = 2000;
/** A piece ends behind a line or a sentence. */
const SENTENCE_END = /[\n。！？；!?;]/;

/**
 * Text with placeholders such as [图片] muted, and mentions and the ends of quotations in quotations set apart.
 * @param {HTMLElement} element
 * @param {string} text
 */
function fillText(element, text) {
  setApart(text).forEach((piece, i) => {
    if (!piece) return;
    if (i % 2 === 0) element.append(piece);
    else element.append(h("span", { class: lookOf(piece[0]) }, piece));
  });
}

/** @param {string} first letter of a piece that is set apart */
function lookOf(first) {
  return first === "@" ? "mention" : first === "[" ? "holder" : "quote-end";
}

/** What a text is cut into where it is drawn: every second piece is set apart. */
export const setApart = (/** @type {string} */ text) => text.split(MUTED);

/**
 * A text in pieces of about the same length that end with a line or a sentence, or where there is none, anywhere.
 * @param {string} text
 */
export function piecesOf(text) {
  const pieces = [];
  let start = 0;
  while (text.length - start > PIECE_LENGTH * 1.5) {
    const least = start + PIECE_LENGTH;
    let stop = least + text.slice(least, least + PIECE_LENGTH / 2).search(SENTENCE_END) + 1; // where there is none: least
    if (/[\uD800-\uDBFF]/.test(text[stop - 1])) stop += 1; // never between the halves of a character
    pieces.push(text.slice(start, stop));
    start = stop;
  }
  return [...pieces, text.slice(start)];
}

/**
 * @param {HTMLElement} body
 * @param {Part[]} parts
 * @param {number} number
 * @param {PaneMark[]} marks
 */
function buildParts(body, parts, number, marks) {
  const isLong = parts.reduce((sum, part) => sum + part.t.length, 0) > LONG_TEXT;
  let [target, room] = [body, isLong ? 0 : Infinity];
  for (const { t, e } of parts) {
    for (const piece of isLong && !e.length ? piecesOf(t) : [t]) {
      if (room <= 0) {
        [target, room] = [h("span", { class: "piece" }), PIECE_LENGTH];
        body.append(target);
      }
      room -= piece.length;
      if (!e.length) fillText(target, piece);
      else {
        const mark = h("mark", {}, piece);
        marks.push({ element: mark, ids: e, message: number });
        target.append(mark);
      }
    }
  }
}

/**
 * What was said, with its quotation and its evidence.
 * @param {MessagePayload} message
 * @param {PaneMark[]} marks
 */
export function buildBody(message, marks) {
  const body = h("div", { class: "body" });
  if (message.quote) {
    const quote = h("span", { class: "quote" }, h("span", { class: "visually-hidden" }, "引用："));
    if (message.quote.speaker) quote.append(`${message.quote.speaker}：`);
    buildParts(quote, message.quote.parts ?? [{ t: message.quote.text, e: [] }], message.i, marks);
    body.append(quote);
  }
  buildParts(body, message.parts, message.i, marks);
  return body;
}

/**
 * The text of a message as its row shows it: the quotation, then what was said.
 * @param {MessagePayload} message
 */
export function textOfMessage({ quote, parts }) {
  const quoted = quote ? (quote.parts?.map((part) => part.t).join("") ?? quote.text) : "";
  const name = quote?.speaker ? `${quote.speaker}：` : "";
  return `${name}${quoted}${parts.map((part) => part.t).join("")}`;
}

/** Widths of a letter, a Chinese one counting two, that a name surely has room for on its line. */
const NAME_ROOM = 12;
/** Letters of a longer name that stand behind the dots: what tells two names apart is often at their end. */
const NAME_END = 4;

/**
 * A name on one line: whole, or in two parts between which its middle gives way.
 * @param {string} name
 * @returns {[string, string]} beginning and end; the end is empty where the name has room
 */
export function nameOnOneLine(name) {
  const letters = [...new Intl.Segmenter("zh").segment(name)].map(({ segment }) => segment);
  const room = letters.reduce((sum, letter) => sum + (letter > "\u2e7f" ? 2 : 1), 0);
  if (room <= NAME_ROOM) return [name, ""];
  return [letters.slice(0, -NAME_END).join(""), letters.slice(-NAME_END).join("")];
}

/**
 * The speaker's name; it is a piece of evidence itself where a value was found in it.
 * @param {MessagePayload} message
 * @param {PaneMark[]} marks
 * @param {string} reasons
 */
export function buildWho(message, marks, reasons) {
  const named = message.named ?? [];
  const [start, end] = nameOnOneLine(message.speaker ?? "");
  const name = end ? [h("span", { class: "start" }, start), h("span", {}, end)] : [start];
  const mark = named.length ? h("mark", {}, ...name) : null;
  if (mark) marks.push({ element: mark, ids: named, message: message.i, isName: true });
  // A row that is drawn anew hands on the title that it had, which begins with the name already.
  const whole = end && !reasons.startsWith(message.speaker ?? "") ? `${message.speaker}\n` : "";
  const title = (reasons && `${whole}${reasons}`) || message.speaker || null;
  return h("div", { class: end ? "who long" : "who", title }, ...(mark ? [mark] : name));
}

/**
 * When a message was sent, as much of it as the one before does not say: nothing within one minute, the day where it is
 * another one.
 * @param {string} time
 * @param {string} before
 */
export function shownTime(time, before) {
  const [day, clock] = time.includes("T") ? time.split("T") : ["", time];
  const minute = clock.slice(0, 5);
  if (before.slice(0, time.includes("T") ? 16 : 5) === (day ? `${day}T${minute}` : minute)) return "";
  return day && before.slice(0, 10) !== day ? `${day} ${minute}` : minute;
}

/**
 * @param {MessagePayload} message
 * @param {PaneMark[]} marks
 * @param {string} reasons
 * @param {string} before
 */
export function buildMessage(message, marks, reasons, before) {
  const { role } = message;
  const classes = ["m", role === ROLE.CUSTOMER ? "customer" : role === ROLE.STAFF ? "staff" : "unknown"];
  if (message.same) classes.push("same");
  if (message.kind !== "text") classes.push("thing");
  return h(
    "div",
    { class: classes.join(" "), role: "listitem", "data-i": message.i },
    buildWho(message, marks, reasons),
    buildBody(message, marks),
    message.time
      ? h("time", { class: "when", title: message.time.replace("T", " ") }, shownTime(message.time, before))
      : null,
  );
}

/** @param {MessagePayload} message */
function evidenceIn({ named, parts, quote }) {
  return [...(named ?? []), ...[...parts, ...(quote?.parts ?? [])].flatMap((part) => part.e)];
}

/**
 * Whether a message may hold evidence: most do not, and a huge chat is gone through with every save.
 * @param {MessagePayload} message
 */
function mayHoldEvidence({ parts, named, quote }) {
  return parts.length > 1 || (parts[0]?.e.length ?? 0) > 0 || (named?.length ?? 0) > 0 || quote !== null;
}

/**
 * The messages that hold each piece of evidence, by its id.
 * @param {MessagePayload[]} messages
 */
export function placesOfEvidence(messages) {
  /** @type {Map<string, number[]>} */
  const places = new Map();
  for (const message of messages) {
    if (!mayHoldEvidence(message)) continue;
    for (const id of evidenceIn(message)) places.set(id, [...(places.get(id) ?? []), message.i]);
  }
  return places;
}

/**
 * Whether two versions of a message look the same.
 * @param {MessagePayload} one
 * @param {MessagePayload | undefined} other
 */
export function sameMessage(one, other) {
  const look = (/** @type {MessagePayload} */ { parts, quote, named }) => JSON.stringify([parts, quote, named]);
  return one === other || (other !== undefined && look(one) === look(other));
}

/**
 * A message without evidence, itself where it has none.
 * @param {MessagePayload} message
 */
export function withoutEvidence(message) {
  if (!mayHoldEvidence(message) || !evidenceIn(message).length) return message;
  const plain = (/** @type {Part[]} */ parts) =>
    parts.length ? [{ t: parts.map((part) => part.t).join(""), e: [] }] : parts;
  const quote = message.quote && { ...message.quote, parts: plain(message.quote.parts ?? []) };
  return { ...message, named: [], parts: plain(message.parts), quote };
}
