// @ts-check
// What the marks at a field mean: a strip below the chat until somebody puts it away, and the same in the sheet of keys.
/** @import { BrowserStorage } from "./types.js" */
import { h, setHidden } from "./dom.js";
import { EVIDENCE } from "./words.js";

const KEPT_AS = "shiyao:marks:";

/** The marks as they stand at a field, each with what it says of the value. */
const MARKS = [
  { class: "exact", sign: "✓ 原文", meaning: "群聊里就是这样写的" },
  { class: "normalised", sign: EVIDENCE.NORMALISED, meaning: "群聊里有，写法不同" },
  { class: "judged", sign: EVIDENCE.INFERRED, meaning: "从意思判断，原文没有这几个字" },
  { class: "missing", sign: "⚠ 无依据", meaning: "该有原文却找不到，请核对" },
  { class: "differs", sign: "≠", meaning: "别的抽取任务或标注填得不同" },
  { class: "count", sign: "疑点", meaning: "⚠ 的拦确认一次，别的不拦" },
  { class: "ring", sign: "", name: "空圈", meaning: "还没看" },
  { class: "ring one", sign: "✓", name: "实心圈里的勾", meaning: "逐项确认过" },
  { class: "ring bulk", sign: "✓", name: "单独的勾", meaning: "随整条确认" },
];

/** Each mark with its meaning, as entries of a list. */
export function markEntries() {
  return MARKS.map(({ class: look, sign, name, meaning }) =>
    h(
      "span",
      { class: "mark-entry" },
      h("b", { class: `mark-sign ${look}`, ...(name ? { role: "img", "aria-label": name } : {}) }, sign),
      ` ${meaning}`,
    ),
  );
}

/**
 * The strip; whoever puts it away sees it no more in this browser, until they bring it back from the sheet of keys.
 * @param {BrowserStorage} storage
 */
export function makeMarks(storage) {
  let reviewer = "";
  let isAway = false;
  let hasChat = false;
  const away = h("button", { type: "button", class: "link", onclick: () => put(true) }, "知道了，收起");
  const element = h(
    "div",
    { class: "marks", role: "note", "aria-label": "标记的意思", hidden: true },
    ...markEntries(),
    h("span", { class: "mark-entry" }, away, " （F1 里可以再打开）"),
  );

  function show() {
    setHidden(element, isAway || !hasChat);
  }

  /** @param {boolean} next */
  function put(next) {
    isAway = next;
    try {
      if (next) storage.setItem(KEPT_AS + reviewer, "away");
      else storage.removeItem(KEPT_AS + reviewer);
    } catch {
      // It then comes again at the next visit.
    }
    show();
  }

  /** @param {string} name */
  function isPutAway(name) {
    try {
      return storage.getItem(KEPT_AS + name) !== null;
    } catch {
      return false;
    }
  }

  return {
    element,
    bringBack: () => put(false),
    /**
     * Show the strip to a person before a chat, unless they have put it away.
     * @param {string} name of the reviewer
     * @param {boolean} isBeforeChat
     */
    draw(name, isBeforeChat) {
      if (name !== reviewer || !name) isAway = isPutAway(name);
      reviewer = name;
      hasChat = isBeforeChat;
      show();
    },
  };
}
