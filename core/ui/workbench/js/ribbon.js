// @ts-check
// The ribbon beside a field: while Space is held, the sentence that its value stands on and who said it. It lies over the
// form and moves nothing; the key decides nothing.
/** @import { Pressed } from "./types.js" */
/** @import { Workbench } from "./workbench.js" */
import { h, setHidden } from "./dom.js";
import { sentenceAround } from "./evidence_text.js";
import { textOf } from "./find.js";
import { isChanged, markOf } from "./model.js";
import { entryOf } from "./state.js";
import { isEmpty } from "./values.js";
import { EVIDENCE } from "./words.js";

const RIBBON_GAP = 4; // pixels between the ribbon and its row
const TAKES_SPACE = "button, a[href], summary, select, option, input, textarea, [contenteditable], [role=menuitem]";

/**
 * Whether an element is pressed by Space, or takes it as text.
 * @param {EventTarget | undefined} target
 */
export function takesSpace(target) {
  return target instanceof Element && target.matches(TAKES_SPACE);
}

/**
 * Whether a key asks for the ribbon: a plain Space where no text is typed and no button is pressed by it, or where a
 * blank would only put a value away.
 * @param {Pressed} pressed
 * @param {EventTarget | undefined} target
 */
export function asksForRibbon({ event, isText, isUntouched, layer }, target) {
  if (event.key !== " " || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return false;
  if (layer !== null && !layer.isThrough) return false;
  return isText ? isUntouched : !takesSpace(target);
}

/**
 * What is said where a value has no place in the chat.
 * @param {string} status
 * @param {{ isFilled: boolean, isOwn: boolean }} value
 */
export function noPlaceText(status, { isFilled, isOwn }) {
  if (!isFilled) return "这个字段没有填，没有依据";
  if (status === EVIDENCE.INFERRED) return "推断：由对话判断，没有单独的一句";
  if (status === EVIDENCE.MISSING) return "无依据：群聊里找不到这个值";
  return isOwn ? "刚改过：保存后才知道依据" : "还没有依据";
}

/**
 * The ribbon of a desk.
 * @param {Workbench} workbench
 */
export function makeRibbon(workbench) {
  const element = h("div", { class: "ribbon", role: "status", hidden: true });
  let isHeld = false;

  /** What stands on the ribbon for the place of evidence that the reviewer is at. */
  function content() {
    const { places, place, store, customer, field } = workbench;
    const entry = entryOf(store);
    if (!entry || !field) return null;
    const at = places[place];
    if (!at) {
      const one = entry.work[customer];
      const mark = markOf(one, field);
      const value = { isFilled: !isEmpty(one.values[field]), isOwn: isChanged(one, field) || one.baseline === null };
      return [h("span", { class: "none" }, noPlaceText(mark?.status ?? "", value))];
    }
    const row = /** @type {HTMLElement} */ (at.closest(".m"));
    const message = entry.chat.messages[Number(row.dataset.i)];
    const { text, start, end } = placeIn(row, at);
    const { before, said, after } = sentenceAround(text, start, end);
    const count = places.length > 1 ? h("b", { class: "which" }, `${place + 1}/${places.length}`) : null;
    return [
      h("small", {}, message?.speaker || "（没有名字）", ` · 第 ${Number(row.dataset.i) + 1} 条消息`, count),
      h("span", {}, before, said && h("mark", { class: "said" }, said), after),
    ];
  }

  function draw() {
    const row = workbench.form?.parts.get(workbench.field)?.row;
    const parts = isHeld ? content() : null;
    setHidden(element, !parts || !row);
    if (!parts || !row) return;
    element.replaceChildren(...parts);
    const frame = workbench.formHost.getBoundingClientRect();
    const box = row.getBoundingClientRect();
    const height = element.offsetHeight;
    const isBelow = frame.bottom - box.bottom >= height + 2 * RIBBON_GAP;
    element.style.top = `${Math.max(0, isBelow ? box.bottom - frame.top + RIBBON_GAP : box.top - frame.top - height - RIBBON_GAP)}px`;
  }

  return {
    element,
    isHeld: () => isHeld,
    draw,
    hold() {
      isHeld = true;
      draw();
    },
    release() {
      if (!isHeld) return;
      isHeld = false;
      draw();
    },
  };
}

/**
 * Where a place of evidence stands in what was said, or in what was quoted: all of it where the whole message is meant,
 * nowhere in it where the speaker's name is the evidence.
 * @param {HTMLElement} row
 * @param {HTMLElement} place
 */
function placeIn(row, place) {
  const quoteOf = (/** @type {Node} */ node) => node.parentElement?.closest(".quote") ?? null;
  const isMark = place.matches("mark");
  const quote = isMark ? place.closest(".quote") : null;
  const every = textOf(row).nodes;
  const same = every.filter(({ node }) => quoteOf(node) === quote);
  let [text, start, end] = ["", -1, -1];
  for (const { node } of same.length ? same : every) {
    if (place.contains(node)) {
      if (start < 0) start = text.length;
      end = text.length + node.data.length;
    }
    text += node.data;
  }
  return isMark ? { text, start: Math.max(0, start), end: Math.max(0, end) } : { text, start: 0, end: text.length };
}
