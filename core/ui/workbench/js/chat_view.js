// @ts-check
// The chat pane: one element per chat, built once, shown and hidden; evidence is re-classed, never rebuilt.
/** @import { ChatPayload, MessagePayload, Pane, PaneHandlers, PaneMark, Part } from "./types.js" */
import { h, reveal, setText } from "./dom.js";
import { ROLE } from "./words.js";

// Browsers watch every element with `content-visibility: auto` in each frame: over blocks of messages that is free, over
// 2,000 single messages it took 10 ms.
const BLOCK = 24;
const LINE_HEIGHT = 27;
const MUTED = /(\[[^[\]\n]{1,8}\]|@[^\s@：:，,]{1,20})/;

/**
 * Text with placeholders such as [图片] muted and mentions set apart.
 * @param {HTMLElement} element
 * @param {string} text
 */
function fillText(element, text) {
  text.split(MUTED).forEach((piece, i) => {
    if (!piece) return;
    if (i % 2 === 0) element.append(piece);
    else element.append(h("span", { class: piece[0] === "@" ? "mention" : "holder" }, piece));
  });
}

/**
 * @param {HTMLElement} body
 * @param {Part[]} parts
 * @param {number} number
 * @param {PaneMark[]} marks
 */
function buildParts(body, parts, number, marks) {
  for (const part of parts) {
    if (!part.e.length) {
      fillText(body, part.t);
      continue;
    }
    const mark = h("mark", {}, part.t);
    marks.push({ element: mark, ids: part.e, message: number });
    body.append(mark);
  }
}

/**
 * What was said, with its quotation and its evidence.
 * @param {MessagePayload} message
 * @param {PaneMark[]} marks
 */
function buildBody(message, marks) {
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

/** @param {MessagePayload} message */
function signatureOf(message) {
  return JSON.stringify([message.parts, message.quote, message.named]);
}

/**
 * The speaker's name; it is a piece of evidence itself where a value was found in it.
 * @param {MessagePayload} message
 * @param {PaneMark[]} marks
 * @param {string} reasons
 */
function buildWho(message, marks, reasons) {
  const named = message.named ?? [];
  const mark = named.length ? h("mark", {}, message.speaker) : null;
  if (mark) marks.push({ element: mark, ids: named, message: message.i, isName: true });
  return h("div", { class: "who", title: reasons || message.speaker || null }, mark ?? message.speaker ?? "");
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
function buildMessage(message, marks, reasons, before) {
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

/** @param {ChatPayload} chat */
function headline(chat) {
  const { messages, customers, staff, characters } = chat.counts;
  return `共 ${messages} 条消息 · 客户 ${customers} 人 · 客服 ${staff} 人 · ${characters.toLocaleString("zh-CN")} 字`;
}

/**
 * Build the pane of a chat. `onMark(ids)` is called where a highlight is clicked, `onMessage(i)` where a message is.
 * @param {ChatPayload} chat
 * @param {PaneHandlers} options
 */
export function buildPane(chat, { onMark, onResidue, onMessage, onNarrow }) {
  const reasons = new Map(
    chat.speakers.map((s) => [s.name, `${s.name}（${s.role}）：${(s.reasons ?? []).join("；")}`]),
  );
  /** @type {PaneMark[]} */
  const marks = [];
  /** @type {Map<number, HTMLElement>} */
  const rows = new Map();
  /** @type {Map<number, string>} */
  const signatures = new Map();
  const list = h("div", { class: "messages", role: "list" });
  let block = list;
  let before = "";
  chat.messages.forEach((message, n) => {
    if (n % BLOCK === 0) {
      const size = Math.min(BLOCK, chat.messages.length - n) * LINE_HEIGHT;
      block = h("div", { class: "block", role: "presentation", style: `contain-intrinsic-size: auto ${size}px` });
      list.append(block);
    }
    const row = buildMessage(message, marks, reasons.get(message.speaker) ?? "", before);
    before = message.time || before;
    rows.set(message.i, row);
    signatures.set(message.i, signatureOf(message));
    block.append(row);
  });
  const narrowSwitch = h("button", {
    type: "button",
    class: "link",
    "aria-pressed": "false",
    onclick: () => onNarrow(),
  });
  const head = h("div", { class: "headline" }, headline(chat), h("span", {}, " · "), narrowSwitch);
  const residueNote = h("span", {});
  const residueSwitch = h("button", { type: "button", class: "link", onclick: () => onResidue(chat.chat) });
  const residueText = h("pre", { class: "residue-text" });
  const residue = h("div", { class: "residue" }, residueNote, residueSwitch, residueText);
  const element = h(
    "div",
    { class: "pane", tabindex: "-1", "aria-label": `群聊 第 ${chat.chat} 条` },
    head,
    list,
    residue,
  );
  /** @type {Pane} */
  const pane = {
    chat: chat.chat,
    element,
    list,
    headline: head,
    narrowSwitch,
    residue,
    residueNote,
    residueSwitch,
    residueText,
    marks,
    rows,
    signatures,
    lit: [],
    cursorRow: null,
    painted: null,
    narrowState: null,
    shown: false,
  };
  list.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    const mark = target.closest("mark.on");
    const row = /** @type {HTMLElement | null} */ (target.closest(".m"));
    if (row) onMessage(Number(row.dataset.i));
    if (mark && String(getSelection() ?? "") === "") onMark(pane.marks.find((m) => m.element === mark)?.ids ?? []);
  });
  updateResidue(pane, chat, false);
  return pane;
}

/**
 * Take slices of messages that changed (evidence of an edited value); everything else stays as it is.
 * @param {Pane} pane
 * @param {ChatPayload} chat
 */
export function updatePane(pane, chat) {
  for (const message of chat.messages) {
    const signature = signatureOf(message);
    if (pane.signatures.get(message.i) === signature) continue;
    pane.signatures.set(message.i, signature);
    const row = pane.rows.get(message.i);
    if (!row) continue;
    pane.marks = pane.marks.filter((mark) => mark.message !== message.i);
    row.replaceChildren(
      buildWho(message, pane.marks, /** @type {HTMLElement} */ (row.firstChild).title),
      buildBody(message, pane.marks),
    );
  }
}

/**
 * The line about copies of the conversation that a spreadsheet left behind.
 * @param {Pane} pane
 * @param {ChatPayload} chat
 * @param {boolean} wanted
 */
export function updateResidue(pane, chat, wanted) {
  const { copies, characters, text } = chat.residue;
  pane.residue.hidden = copies === 0;
  const shown = wanted && text !== "";
  setText(
    pane.residueNote,
    `原文后附 ${copies} 份表格残留副本（${characters.toLocaleString("zh-CN")} 字），${shown ? "已显示" : "已隐藏"} · `,
  );
  setText(pane.residueSwitch, wanted ? (text ? "隐藏" : "正在取…") : "显示");
  setText(pane.residueText, shown ? text : "");
  pane.residueText.hidden = !shown;
}

/**
 * Colour the evidence of one customer. `groupOf(id)` gives the group number of an evidence id, or 0 where the id is not
 * of this customer (its value was changed, or it belongs to another one).
 * @param {Pane} pane
 * @param {(id: string) => number} groupOf
 */
export function paintMarks(pane, groupOf) {
  for (const mark of pane.marks) {
    const group = mark.ids.map(groupOf).find((number) => number > 0) ?? 0;
    const name = group ? `on g${group}` : ""; // g6: stands in no form
    if (mark.element.className !== name) mark.element.className = name;
  }
}

/**
 * Light the evidence of the field in focus, pinned messages too; returns the elements to visit, in order.
 * @param {Pane} pane
 * @param {string[]} ids
 * @param {number[]} messages
 * @param {number[]} [pins]
 */
export function lightEvidence(pane, ids, messages, pins = []) {
  for (const element of pane.lit) element.classList.remove("focus", "now", "pinned");
  const wanted = new Set(ids);
  const marks = pane.marks.filter((mark) => mark.ids.some((id) => wanted.has(id)));
  // Rows are tinted for what was said in them, not for who spoke: a name stands in half of them.
  const said = marks.filter((mark) => !mark.isName).map((mark) => mark.message);
  const numbers = new Set(marks.length ? said : messages);
  const rows = [...numbers].sort((a, b) => a - b).flatMap((i) => pane.rows.get(i) ?? []);
  for (const mark of marks) mark.element.classList.add("focus");
  const pinned = pins.flatMap((i) => pane.rows.get(i) ?? []);
  for (const row of rows) row.classList.add("now");
  for (const row of pinned) row.classList.add("pinned");
  pane.lit = [...marks.map((mark) => mark.element), ...rows, ...pinned];
  const places = [...pinned, ...(marks.length ? marks.map((mark) => mark.element) : rows)];
  return places.filter((place) => !place.closest(".away"));
}

/**
 * @param {Pane} pane
 * @param {HTMLElement} element
 */
export function revealIn(pane, element) {
  reveal(pane.element, element, "center");
}

/**
 * Show only messages that are from or to these speakers (their numbers); null shows all.
 * @param {Pane} pane
 * @param {ChatPayload} chat
 * @param {number[] | null} speakers
 */
export function narrow(pane, chat, speakers) {
  const wanted = speakers === null ? null : new Set(speakers);
  let shown = 0;
  for (const message of chat.messages) {
    const away = wanted !== null && !(message.near ?? []).some((number) => wanted.has(number));
    pane.rows.get(message.i)?.classList.toggle("away", away);
    if (!away) shown += 1;
  }
  pane.list.classList.toggle("narrow", wanted !== null);
  return shown;
}

/**
 * Put the cursor on a message (null takes it away); returns its row.
 * @param {Pane} pane
 * @param {number | null} number
 */
export function markCursor(pane, number) {
  pane.cursorRow?.classList.remove("cursor");
  pane.cursorRow = number === null ? null : (pane.rows.get(number) ?? null);
  pane.cursorRow?.classList.add("cursor");
  return pane.cursorRow;
}
