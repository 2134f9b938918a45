// @ts-check
// The foot of the form: what was said in the chat and stands in no form, what others say about the field in focus, and
// the guideline beside it.
/** @import { Child, Entry, FieldFooter, FieldPart, FormActions, FormPayload, WhyPayload } from "./types.js" */
import { alternatives, remarks, surenessText } from "./advice.js";
import { comparedText } from "./compared.js";
import { caps, h, setAttr, setHidden } from "./dom.js";
import { subjectAt } from "./form_words.js";
import { chordFor } from "./keys.js";
import { openMissed, ownerOf, placeText } from "./missed.js";
import { confirmationOf, isChanged, markOf } from "./model.js";
import { valueText } from "./values.js";

const SHOWN = 3;
const GUIDE_GAP = 10; // pixels between the guideline, its row and the edge of the form
const GUIDE_LEAST = 120;

/**
 * Build the foot. `act`: `takeMissed(id)`, `dismiss(id)`, `take(value)`, `guide()`.
 * @param {FormActions} act
 * @returns {FieldFooter}
 */
export function buildFooter(act) {
  const missed = h("div", { class: "missed", role: "status", hidden: true });
  const line = h("div", { class: "about" });
  const guide = h("div", { class: "guide", role: "note", "aria-label": "标注规范", hidden: true });
  const element = h("div", { class: "foot" }, missed, line);
  return { act, element, missed, line, guide, state: "", missedState: "", guideState: "" };
}

/**
 * @param {string} className
 * @param {string} title
 * @param {() => void} run
 * @param {Child[]} children
 */
function button(className, title, run, ...children) {
  const made = h("button", { type: "button", class: className, title, tabindex: "-1", onclick: run }, ...children);
  made.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
  return made;
}

/**
 * Draw what was missed; the first one is what the key takes.
 * @param {FieldFooter} footer
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {number} customer
 */
export function drawMissed(footer, entry, form, customer) {
  const open = openMissed(entry);
  const label = (/** @type {string} */ key) => form.fields.find((field) => field.key === key)?.label ?? key;
  const rows = open.slice(0, SHOWN).map((one) => ({ ...one, owner: ownerOf(entry, form, one, customer) }));
  const ids = open.map((one) => one.id);
  const state = JSON.stringify([ids, rows.map((one) => one.owner), entry.chat.chat, entry.work.length]);
  if (footer.missedState === state) return;
  footer.missedState = state;
  setHidden(footer.missed, !open.length);
  const shown = rows.map((one, i) => {
    const whose =
      one.owner === null ? `新${form.subject} ` : entry.work.length > 1 ? `${subjectAt(form, one.owner)} ` : "";
    return button(
      i ? "gap-item" : "gap-item first",
      `${placeText(entry, form, one)}。点一下看出处，再点填入「${label(one.key)}」`,
      () => footer.act.takeMissed(one.id),
      h("b", {}, one.value),
      h("small", {}, `→ ${whose}${label(one.key)}`),
    );
  });
  footer.missed.replaceChildren(
    h("span", {}, "聊天里还有："),
    ...shown,
    h("small", { class: open.length > SHOWN ? "count" : "count few" }, `等 ${open.length} 处`),
    caps(chordFor("missed")),
    h("small", { class: "nowhere" }, "未填入任何字段"),
    h("span", { class: "gap" }),
    button("link", `不用填（${chordFor("dismiss")}）`, () => footer.act.dismiss(), "不用填"),
    caps(chordFor("dismiss")),
  );
}

/**
 * Draw the line about the field in focus: its state, its pins, remarks, other values with who says so.
 * @param {FieldFooter} footer
 * @param {Entry} entry
 * @param {FormPayload} form
 * @param {number} index
 * @param {string} key
 */
export function drawLine(footer, entry, form, index, key) {
  const customer = entry.work[index];
  const field = form.fields.find((other) => other.key === key) ?? null;
  const told = remarks(entry, form).find((one) => one.index === index && one.key === key)?.text ?? "";
  const said = field ? alternatives(customer, field.key, entry.chat.run) : [];
  const others = comparedText(entry, [customer]);
  const pins = field ? (customer.pinned[field.key] ?? []) : [];
  const state = JSON.stringify([
    field?.key,
    told,
    said,
    others,
    pins,
    field && confirmationOf(customer, field.key),
    field && markOf(customer, field.key)?.status,
    field && markOf(customer, field.key)?.date,
    field && surenessText(entry, customer, field.key),
    field && customer.values[field.key],
    entry.chat.chat,
  ]);
  if (footer.state === state) return;
  footer.state = state;
  if (!field) {
    footer.line.replaceChildren();
    return;
  }
  const back = isChanged(customer, field.key);
  const values = said.map(({ value, who }, i) => {
    const chord = chordFor(back && i === 0 ? "takeBack" : "other");
    return button(
      "alternative",
      `${who.join("、")} 说：${valueText(value) || "（空）"}。点一下采用`,
      () => footer.act.take(value),
      h("small", {}, `${who[0]}${who.length > 1 ? ` 等 ${who.length} 个` : ""}`),
      h("b", {}, valueText(value) || "（空）"),
      i < 2 ? caps(chord) : null,
    );
  });
  const facts = [
    confirmationOf(customer, field.key),
    surenessText(entry, customer, field.key),
    markOf(customer, field.key)?.date ? `按说话那天算是 ${markOf(customer, field.key)?.date}` : "",
    pins.length ? `钉住第 ${pins.map((i) => i + 1).join("、")} 条消息` : "",
  ].filter(Boolean);
  footer.line.replaceChildren(
    h("span", { class: "what" }, field.label),
    h("small", {}, facts.join(" · ")),
    told ? h("span", { class: "remark", title: told }, told) : "",
    ...(values.length
      ? values
      : [h("small", { class: "same" }, !told && others ? `没有别的值（对照：${others}）` : "")]),
    h("span", { class: "gap" }),
    button(
      "link",
      `标注规范，为什么是这个值（${chordFor("guide")}）`,
      () => footer.act.guide(),
      "规范 · 为什么",
      caps(chordFor("guide")),
    ),
  );
}

/**
 * What speaks for and against a value, and what people approved in the most alike chats.
 * @param {WhyPayload} why
 * @returns {HTMLElement[]}
 */
function whyParts(why) {
  const alike = why.alike.map(({ chat, percent, value }) =>
    h("p", { title: `相似度 ${percent} %` }, `第 ${chat} 条：${value}`),
  );
  return [
    h("header", { class: "why" }, h("b", {}, "为什么是这个值")),
    ...(why.cues.length ? why.cues.map((cue) => h("p", {}, cue)) : [h("p", {}, "没有找到线索。")]),
    ...(alike.length ? [h("header", {}, h("small", {}, "最像的已确认群聊里")), ...alike] : []),
  ];
}

/**
 * Show or hide the guideline of a field beside its row.
 * @param {FieldFooter} footer
 * @param {FieldPart | null} part
 * @param {string} text
 * @param {HTMLElement} host
 * @param {WhyPayload | null} why
 */
export function drawGuide(footer, part, text, host, why) {
  setHidden(footer.guide, !part);
  if (!part) return;
  const { field, row } = part;
  const points = `${field.points} 分 · ${field.nature === "verbatim" ? "群聊里要有依据" : "由对话判断"}`;
  const state = JSON.stringify([field.key, text, why]);
  if (footer.guideState !== state) {
    footer.guideState = state;
    footer.guide.replaceChildren(
      h("header", {}, h("b", {}, field.label), h("small", {}, points)),
      h("p", {}, field.description || ""),
      ...(text ? [h("div", { class: "rule" }, text)] : [h("p", { class: "soft" }, "还没有写下规范。")]),
      ...(why ? whyParts(why) : []),
    );
  }
  const frame = host.getBoundingClientRect();
  const box = row.getBoundingClientRect();
  const above = box.top - frame.top - GUIDE_GAP;
  const below = frame.bottom - box.bottom - GUIDE_GAP;
  // Below where all of it fits, else where there is more room: its last lines are the most alike chats.
  const isBelow = below >= Math.min(footer.guide.scrollHeight + 2, above);
  const side = isBelow ? `top: ${box.bottom - frame.top + 4}px` : `bottom: ${frame.bottom - box.top + 4}px`;
  setAttr(footer.guide, "style", `${side}; max-height: ${Math.max(GUIDE_LEAST, isBelow ? below : above)}px`);
}
