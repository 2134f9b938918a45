// @ts-check
// The chat pane: one element per chat, built once, shown and hidden; evidence is re-classed, never rebuilt.
/** @import { FormWords } from "./form_words.js" */
/** @import { ChatPayload, Pane, PaneHandlers, PaneMark } from "./types.js" */
import { grouped, h, reveal, setHidden, setText } from "./dom.js";
import { drawHits } from "./find.js";
import { sideText } from "./form_words.js";
import { makeMessageList } from "./message_list.js";
import { buildBody, buildMessage, buildWho, placesOfEvidence, sameMessage } from "./messages.js";

/** Classes of highlights that rows coming into view must not put out. */
const LIGHTS = ["focus", "offered"];

/**
 * @param {ChatPayload} chat
 * @param {FormWords} form
 */
function headline(chat, { subject, staff: side }) {
  const { messages, customers, staff, characters } = chat.counts;
  return `共 ${grouped(messages)} 条消息 · ${subject} ${customers} 人 · ${side} ${staff} 人 · ${grouped(characters)} 字`;
}

/**
 * Say how many speak on each side, as the forms have it now.
 * @param {Pane} pane
 * @param {ChatPayload} chat
 * @param {FormWords} form
 */
export function drawHeadline({ counts }, chat, form) {
  setText(counts, headline(chat, form));
}

/**
 * Build the pane of a chat. `onMark(ids)` is called where a highlight is clicked, `onMessage(i)` where a message is.
 * @param {ChatPayload} chat
 * @param {FormWords} form
 * @param {PaneHandlers} options
 */
export function buildPane(chat, form, { onMark, onResidue, onMessage, onNarrow, onRows }) {
  const reasons = new Map(
    chat.speakers.map((s) => [s.name, `${s.name}（${sideText(form, s.role)}）：${(s.reasons ?? []).join("；")}`]),
  );
  /** @type {PaneMark[]} */
  const marks = [];
  const narrowSwitch = h("button", {
    type: "button",
    class: "link",
    "aria-pressed": "false",
    onclick: () => onNarrow(),
  });
  const counts = h("span", {}, headline(chat, form));
  const head = h("div", { class: "headline" }, counts, h("span", {}, " · "), narrowSwitch);
  const residueNote = h("span", {});
  const residueSwitch = h("button", { type: "button", class: "link", onclick: () => onResidue(chat.chat) });
  const residueText = h("pre", { class: "residue-text" });
  const residue = h("div", { class: "residue" }, residueNote, residueSwitch, residueText);
  const element = h("div", { class: "pane", tabindex: "-1", "aria-label": `群聊 第 ${chat.chat} 条` }, head);
  /** @type {Pane} */
  const pane = {
    chat: chat.chat,
    element,
    list: makeMessageList(
      element,
      chat.messages,
      (message, before) => buildMessage(message, marks, reasons.get(message.speaker) ?? "", before),
      () => {
        paintMarks(pane, pane.groupOf);
        drawHits(pane);
        onRows();
      },
    ),
    headline: head,
    counts,
    narrowSwitch,
    residue,
    residueNote,
    residueSwitch,
    residueText,
    marks,
    evidence: placesOfEvidence(chat.messages),
    groupOf: () => 0,
    hits: [],
    hitNow: -1,
    hitRows: [],
    hasHits: false,
    lit: [],
    cursorRow: null,
    painted: null,
    narrowState: null,
    shown: false,
  };
  const list = pane.list.element;
  element.append(list, residue);
  list.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    const mark = target.closest("mark.on");
    const row = /** @type {HTMLElement | null} */ (target.closest(".m"));
    if (row) onMessage(Number(row.dataset.i));
    if (mark && String(getSelection() ?? "") === "") onMark(marks.find((m) => m.element === mark)?.ids ?? []);
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
  const { list, marks } = pane;
  const changed = new Map(list.take(chat.messages, sameMessage).map((message) => [message.i, message]));
  if (!changed.size) return;
  pane.evidence = placesOfEvidence(chat.messages);
  const kept = marks.filter((mark) => !changed.has(mark.message));
  marks.splice(0, marks.length, ...kept);
  for (const [number, message] of changed) {
    const row = list.rows.get(number);
    if (!row) continue;
    const who = /** @type {HTMLElement} */ (row.children[0]);
    row.children[1].replaceWith(buildBody(message, marks));
    who.replaceWith(buildWho(message, marks, who.title));
  }
  drawHits(pane);
}

/**
 * The line about copies of the conversation that a spreadsheet left behind.
 * @param {Pane} pane
 * @param {ChatPayload} chat
 * @param {boolean} wanted
 */
export function updateResidue(pane, chat, wanted) {
  const { copies, characters, text } = chat.residue;
  setHidden(pane.residue, copies === 0);
  const shown = wanted && text !== "";
  setText(
    pane.residueNote,
    `原文后附 ${copies} 份表格残留副本（${grouped(characters)} 字），${shown ? "已显示" : "已隐藏"} · `,
  );
  setText(pane.residueSwitch, wanted ? (text ? "隐藏" : "正在取…") : "显示");
  setText(pane.residueText, shown ? text : "");
  setHidden(pane.residueText, !shown);
}

/**
 * Colour the evidence of one customer. `groupOf(id)` gives the group number of an evidence id, or 0 where the id is not
 * of this customer (its value was changed, or it belongs to another one).
 * @param {Pane} pane
 * @param {(id: string) => number} groupOf
 */
export function paintMarks(pane, groupOf) {
  pane.groupOf = groupOf;
  for (const mark of pane.marks) {
    const group = mark.ids.map(groupOf).find((number) => number > 0) ?? 0;
    const light = LIGHTS.filter((one) => mark.element.classList.contains(one));
    const name = [...(group ? ["on", `g${group}`] : []), ...light].join(" "); // g6: stands in no form
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
  const { list } = pane;
  for (const number of ids.flatMap((id) => pane.evidence.get(id) ?? [])) list.row(number);
  const wanted = new Set(ids);
  const marks = pane.marks.filter((mark) => mark.ids.some((id) => wanted.has(id)));
  marks.sort((a, b) => a.message - b.message);
  // Rows are tinted for what was said in them, not for who spoke: a name stands in half of them.
  const said = marks.filter((mark) => !mark.isName).map((mark) => mark.message);
  const numbers = new Set(marks.length ? said : messages);
  const rows = [...numbers].sort((a, b) => a - b).flatMap((i) => list.row(i) ?? []);
  for (const mark of marks) mark.element.classList.add("focus");
  const pinned = pins.flatMap((i) => list.row(i) ?? []);
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
  pane.list.around(element);
  reveal(pane.element, element, "center");
}

/**
 * Show only messages that are from or to these speakers (their numbers); null shows all. Returns how many are shown.
 * @param {Pane} pane
 * @param {number[] | null} speakers
 */
export function narrow(pane, speakers) {
  const isNarrow = pane.list.element.classList.contains("narrow");
  if (speakers === null && !isNarrow) return pane.list.messages().length; // a huge chat is not gone through for nothing
  const wanted = speakers === null ? null : new Set(speakers);
  pane.list.element.classList.toggle("narrow", wanted !== null);
  return pane.list.hide((message) => wanted !== null && !(message.near ?? []).some((number) => wanted.has(number)));
}

/**
 * Put the cursor on a message (null takes it away); returns its row.
 * @param {Pane} pane
 * @param {number | null} number
 */
export function markCursor(pane, number) {
  pane.cursorRow?.classList.remove("cursor");
  pane.cursorRow = number === null ? null : pane.list.row(number);
  pane.cursorRow?.classList.add("cursor");
  return pane.cursorRow;
}

/**
 * Move the cursor to the next or previous message that is shown; the first in view where it was nowhere.
 * @param {Pane} pane
 * @param {number | null} from
 * @param {number} by
 */
export function stepCursor({ list }, from, by) {
  return (from === null ? null : list.step(from, by)) ?? list.firstInView();
}
