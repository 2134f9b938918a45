// @ts-check
// The rail beside the chat (热度条): a tick where each piece of evidence, each doubt, each missed value and each hit of a
// search stands in the whole chat. It is drawn when the browser has nothing else to do.
/** @import { FormWords } from "./form_words.js" */
/** @import { Pane, RailTick } from "./types.js" */
/** @import { Workbench } from "./workbench.js" */
import { revealIn } from "./chat_view.js";
import { caps, h, setAttr, setHidden, setText } from "./dom.js";
import { drawHits } from "./find.js";
import { nearestTick, railMarks, TICK_KINDS, ticksOf, tickText } from "./rail_ticks.js";
import { entryOf } from "./state.js";

/** Pixels around the pointer in which a tick is meant. */
const REACH = 7;
/** Milliseconds after which the rail is drawn though the browser is busy. */
const AT_LATEST = 1000;

/** @param {() => void} run */
function whenIdle(run) {
  if ("requestIdleCallback" in window) window.requestIdleCallback(run, { timeout: AT_LATEST });
  else setTimeout(run, 50);
}

/**
 * The rail of a desk.
 * @param {Workbench} workbench
 */
export function makeRail(workbench) {
  const element = h("div", { class: "rail", role: "toolbar", "aria-label": "热度条", "aria-orientation": "vertical" });
  const tip = h("div", { class: "rail-tip", "aria-hidden": "true", hidden: true });
  /** @type {RailTick[]} */
  let ticks = [];
  /** @type {unknown[]} what was drawn last */
  let drawn = [];
  let isAsked = false;
  /** The tick that Tab leads to. */
  let at = 0;

  const paneNow = () => workbench.panes.get(workbench.store.current);

  /** @param {Pane} pane */
  function stateOf(pane) {
    const entry = entryOf(workbench.store, pane.chat);
    const { height } = element.getBoundingClientRect();
    const chat = [entry?.work, entry?.dismissed, entry?.chat, entry?.settled, workbench.customer];
    return [pane, ...chat, pane.hits, pane.narrowState, pane.element.scrollHeight, Math.round(height)];
  }

  function draw() {
    isAsked = false;
    const pane = paneNow();
    const entry = entryOf(workbench.store);
    if (!pane || !entry || !workbench.form || !element.isConnected || !entry.work[workbench.customer]) return;
    const state = stateOf(pane);
    if (state.every((one, i) => one === drawn[i])) return;
    drawn = state;
    const { height } = element.getBoundingClientRect();
    const scale = height / Math.max(1, pane.element.scrollHeight);
    const ruler = pane.list.ruler();
    const marks = railMarks(entry, workbench.form.form, workbench.customer, pane.evidence, pane.hits);
    ticks = ticksOf(marks, ({ message, share }) => {
      const top = ruler(message, share);
      return top === null ? null : Math.min(height - 3, top * scale);
    });
    at = Math.min(at, Math.max(0, ticks.length - 1));
    const { messages } = entry.chat;
    const hasFocus = element.matches(":focus-within");
    element.replaceChildren(...ticks.map((tick, i) => tickElement(tick, i, tickText(tick, messages))));
    setHidden(tip, true);
    if (hasFocus && ticks.length) focusTick(at);
    else if (hasFocus) workbench.refocus();
  }

  /**
   * @param {RailTick} tick
   * @param {number} number
   * @param {string} text
   */
  function tickElement(tick, number, text) {
    return h("button", {
      type: "button",
      class: `tick at-${tick.kind}${tick.group ? ` g${tick.group}` : ""}`,
      style: `top: ${tick.top}px`,
      tabindex: number === at ? "0" : "-1",
      "aria-label": text,
    });
  }

  /** Draw what has changed once nothing else is to do. */
  function drawSoon() {
    if (isAsked) return;
    isAsked = true;
    whenIdle(draw);
  }

  /** @param {RailTick} tick */
  function goTo(tick) {
    const pane = paneNow();
    if (!pane || drawn[0] !== pane) return; // of the chat before
    if (tick.hit >= 0) pane.hitNow = tick.hit;
    const row = workbench.calls.setCursor(tick.message);
    if (tick.hit >= 0) {
      drawHits(pane);
      setText(workbench.top.found, `${tick.hit + 1} / ${pane.hits.length}`);
    }
    const isHere = (/** @type {Pane["marks"][number]} */ one) =>
      one.message === tick.message && one.ids.includes(tick.id);
    const mark = tick.id ? pane.marks.find(isHere) : null;
    if (mark) revealIn(pane, mark.element);
    else if (row) revealShare(pane, row, tick.share);
  }

  /** @param {number} number */
  function focusTick(number) {
    const buttons = /** @type {HTMLElement[]} */ ([...element.children]);
    if (!buttons.length) return;
    at = Math.max(0, Math.min(buttons.length - 1, number));
    buttons.forEach((button, i) => setAttr(button, "tabindex", i === at ? "0" : "-1"));
    buttons[at].focus({ preventScroll: true });
  }

  /** @param {RailTick | null} tick */
  function tell(tick) {
    const messages = entryOf(workbench.store)?.chat.messages ?? [];
    const isShown = tick !== null && drawn[0] === paneNow(); // not those of the chat before
    setHidden(tip, !isShown);
    if (!isShown) return;
    setText(tip, tickText(tick, messages));
    const { height } = element.getBoundingClientRect();
    tip.style.top = `${Math.max(0, Math.min(height - 26, tick.top - 12))}px`;
  }

  /** @param {MouseEvent} event */
  function tickUnder(event) {
    const { top } = element.getBoundingClientRect();
    return nearestTick(ticks, event.clientY - top, REACH);
  }

  element.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
  element.addEventListener("pointermove", (event) => tell(tickUnder(event)));
  element.addEventListener("pointerleave", () => tell(null));
  element.addEventListener("focusin", (event) => {
    at = [...element.children].indexOf(/** @type {Element} */ (event.target));
    tell(ticks[at] ?? null);
  });
  element.addEventListener("focusout", () => tell(null));
  element.addEventListener("click", (event) => {
    const pane = paneNow();
    const isKey = event.detail === 0;
    const own = [...element.children].indexOf(/** @type {Element} */ (event.target));
    const tick = isKey ? ticks[own] : tickUnder(event);
    if (tick) goTo(tick);
    else if (pane && !isKey) {
      const { top, height } = element.getBoundingClientRect();
      const middle = ((event.clientY - top) / height) * pane.element.scrollHeight;
      pane.element.scrollTop = middle - pane.element.clientHeight / 2;
    }
  });
  new ResizeObserver(drawSoon).observe(element);

  return {
    element,
    tip,
    drawSoon,
    /**
     * Keys inside the rail: ↑ ↓ from tick to tick, Enter or Space goes there.
     * @param {KeyboardEvent} event
     */
    onKey(event) {
      if (event.ctrlKey || event.altKey || event.metaKey) return false;
      /** @type {Record<string, number>} */
      const next = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: ticks.length - 1 };
      if (event.key in next) focusTick(next[event.key]);
      else if ((event.key === "Enter" || event.key === " ") && ticks[at]) goTo(ticks[at]);
      else return false;
      return true;
    },
  };
}

/**
 * Bring a share of a message into view: of a long one its middle may be far below its first line.
 * @param {Pane} pane
 * @param {HTMLElement} row
 * @param {number} share
 */
function revealShare(pane, row, share) {
  revealIn(pane, row);
  const { top, height } = row.getBoundingClientRect();
  const frame = pane.element.getBoundingClientRect();
  if (height > frame.height) pane.element.scrollTop += top + share * height - frame.top - frame.height / 3;
}

/**
 * What the ticks mean, with the keys that lead to the same places, as entries of the sheet of keys.
 * @param {FormWords} form
 */
export function railEntries(form) {
  /** @type {[keyof typeof TICK_KINDS, string, string[]][]} */
  const lines = [
    ["evidence", `本${form.subject}的依据，颜色同字段的组`, [".", ","]],
    ["doubt", "疑点的依据", ["Q"]],
    ["missed", "聊天里还有、没填的", ["F"]],
    ["hit", "查到的词", ["Alt+/"]],
  ];
  return lines.map(([kind, text, keys]) =>
    h(
      "span",
      { class: "mark-entry" },
      h("i", { class: `tick at-${kind}${kind === "evidence" ? " g1" : ""}`, "aria-hidden": "true" }),
      ` ${text}`,
      keys.map((key) => caps(key)),
    ),
  );
}
