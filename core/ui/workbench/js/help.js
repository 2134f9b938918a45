// @ts-check
// The sheet of all keys: six to begin with, then all of them by group, found by name or by key; and what the marks mean.
/** @import { FormWords } from "./form_words.js" */
import { makeMatcher, wordsOf } from "../../js/palette_match.js";
import { caps, h, setHidden } from "./dom.js";
import { inFormWords } from "./form_words.js";
import { COMMANDS, FIELD_KEYS, FIRST_KEYS, keyCap } from "./keys.js";
import { markEntries } from "./marks.js";
import { railEntries } from "./rail.js";
import { READINGS } from "./readings.js";

/** @typedef {{ group: string, label: string, keys: string[], letters?: string[] }} KeyRow */

/** Groups of keys, as the table of keys calls them, in an order that fills three columns evenly. */
const HELP_GROUPS = ["判定", "走动", "客户", "字段", "其他", "群聊"];
/** Pixels by which an arrow key moves the sheet while its search has the focus, and part of its height for a page. */
const LINE = 40;
const PAGE = 0.9;

const { pointsOf } = makeMatcher(new Map(Object.entries(READINGS).map(([one, read]) => [one, read.split(" ")])));
/** What can be pinyin: one letter would find nearly every name. */
const PINYIN = /^[a-z]{2,}$/;

/**
 * Whether a row is what somebody looks for: each word stands in its name, its group or one of its keys, or is the pinyin
 * of its name, whole or by first letters.
 * @param {KeyRow} row
 * @param {string} asked
 */
export function isAskedFor(row, asked) {
  const keys = [...row.keys, ...(row.letters ?? [])];
  const shown = keys.map((key) => key.split(/\+(?!$)/).map((name) => keyCap(name)));
  const text = [row.label, row.group, ...keys, ...shown.flatMap((names) => [names.join("+"), names.join(" ")])];
  const all = text.join("\n").toLowerCase();
  const isRead = (/** @type {string} */ word) => PINYIN.test(word) && pointsOf([...row.label.toLowerCase()], word) > 0;
  return wordsOf(asked).every((word) => all.includes(word) || isRead(word));
}

/** @param {KeyRow} row */
function rowElements(row) {
  const letters = (row.letters ?? [])
    .slice(0, 1)
    .map((key) => h("span", { class: "letter", title: "命令模式" }, caps(key)));
  return [
    h(
      "dt",
      {},
      row.keys.map((key) => caps(key)),
      letters,
    ),
    h("dd", {}, row.label),
  ];
}

/**
 * @param {string} title
 * @param {KeyRow[]} rows
 */
function buildGroup(title, rows) {
  const drawn = rows.map((row) => ({ row, elements: rowElements(row) }));
  const list = h(
    "dl",
    {},
    drawn.flatMap(({ elements }) => elements),
  );
  const element = h("section", {}, h("h5", {}, title), list);
  /** @param {string} asked */
  function filter(asked) {
    let count = 0;
    for (const { row, elements } of drawn) {
      const isShown = isAskedFor(row, asked);
      count += Number(isShown);
      for (const part of elements) setHidden(part, !isShown);
    }
    setHidden(element, !count);
    return count;
  }
  return { element, filter };
}

/**
 * The sheet; closes with Esc, F1 or a click beside it. `onMarks` brings the strip with the meaning of the marks back.
 * @param {() => void} onClose
 * @param {() => void} onMarks
 */
export function buildHelp(onClose, onMarks) {
  const first = buildGroup("先记这六个", FIRST_KEYS);
  first.element.classList.add("first-keys");
  /** @type {ReturnType<typeof buildGroup>[]} */
  let groups = [];
  let spoken = "";
  const search = h("input", {
    class: "find-key",
    type: "search",
    placeholder: "按名称、拼音或按键找",
    "aria-label": "找快捷键",
  });
  const none = h("p", { class: "soft", role: "status", hidden: true });
  const ticks = h("p", {});
  const columns = h("div", { class: "columns" });
  const marks = h(
    "section",
    { class: "mark-list" },
    h("h5", {}, "字段旁的标记"),
    h("p", {}, markEntries()),
    h("h5", {}, "热度条：群聊右边，点一下就到"),
    ticks,
    h("button", { type: "button", class: "link", onclick: onMarks }, "在群聊下方一直显示这些标记的意思"),
  );

  function filter() {
    const asked = search.value.trim();
    const count = groups.reduce((sum, group) => sum + group.filter(asked), 0);
    setHidden(first.element, asked !== "");
    setHidden(marks, asked !== "");
    setHidden(none, count > 0);
    none.textContent = count ? "" : `没有「${asked.slice(0, 40)}」这样的快捷键，换个说法，或删掉几个字`;
  }

  search.addEventListener("input", filter);
  const close = h("button", { type: "button", class: "btn", onclick: onClose }, "关闭", caps("Esc"));
  const box = h(
    "div",
    { class: "help", role: "dialog", "aria-modal": "true", "aria-label": "全部快捷键", tabindex: "-1" },
    h(
      "header",
      {},
      h("h3", {}, "全部快捷键"),
      search,
      h("span", { class: "soft" }, "虚线框的键在命令模式（Esc）里有效；输入法选词时的回车不算命令"),
      close,
    ),
    h("div", { class: "beginning" }, first.element, marks),
    none,
    columns,
  );
  const veil = h(
    "div",
    {
      class: "veil",
      hidden: true,
      onclick: (/** @type {Event} */ event) => {
        if (event.target === veil) onClose();
      },
    },
    box,
  );

  /**
   * Name keys and ticks in the words of a form.
   * @param {FormWords} form
   */
  function speak(form) {
    const words = JSON.stringify([form.subject, form.staff]);
    if (words === spoken) return;
    spoken = words;
    const say = (/** @type {string} */ text) => inFormWords(form, text);
    /** @type {KeyRow[]} */
    const rows = [...COMMANDS, ...FIELD_KEYS].map((row) => ({ ...row, label: say(row.label) }));
    groups = HELP_GROUPS.map((group) =>
      buildGroup(
        say(group),
        rows.filter((row) => row.group === group),
      ),
    );
    columns.replaceChildren(...groups.map(({ element }) => element));
    ticks.replaceChildren(...railEntries(form));
  }

  /**
   * Move the sheet by a key that does nothing in one line of text; true where it was one.
   * @param {string} key
   */
  function scrollBy(key) {
    /** @type {Record<string, number>} */
    const steps = {
      ArrowDown: LINE,
      ArrowUp: -LINE,
      PageDown: PAGE * box.clientHeight,
      PageUp: -PAGE * box.clientHeight,
    };
    if (!(key in steps)) return false;
    box.scrollTop += steps[key];
    return true;
  }

  return {
    element: veil,
    box,
    search,
    scrollBy,
    /**
     * Show it from its beginning, in the words of a form, ready for typing.
     * @param {FormWords} form
     */
    start(form) {
      speak(form);
      search.value = "";
      filter();
      box.scrollTop = 0;
      search.focus({ preventScroll: true });
    },
  };
}
