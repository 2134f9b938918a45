// @ts-check
// The bars above and below: progress, save state, decisions, the note of a discussion, toasts.
/** @import { BottomBar, Entry, SayOptions, Store, TopBar } from "./types.js" */
import { lossText } from "./advice.js";
import { discussionCount } from "./discussions.js";
import { caps, grouped, h, setAttr, setHidden, setText } from "./dom.js";
import { chordFor, isComposing } from "./keys.js";

const AWAY_WORD = "已存在本机";
const SAVE_WORDS = { saved: "已保存", saving: "保存中…", unsaved: "未保存（重试）" };

/**
 * @param {string} id
 * @param {string} text
 * @param {(id: string) => void} run
 */
function commandButton(id, text, run, main = false) {
  const button = h(
    "button",
    { type: "button", class: main ? "btn main" : "btn", "data-command": id },
    text,
    caps(chordFor(id)),
  );
  button.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
  button.addEventListener("click", () => run(id));
  return button;
}

/**
 * The bar above the panes.
 * @param {{ onRetry: () => void, onFind: (text: string, step: number) => void, onType: () => void }} options
 */
export function buildTop({ onRetry, onFind, onType }) {
  const fill = h("i", {});
  const bar = {
    dataset: h("span", { class: "dataset" }),
    reviewer: h("span", { class: "reviewer", title: "审阅人：保存都记在这个名字下" }),
    // Where this bar is too narrow for both: in the line of the bar below, while nothing is said there.
    place: h("span", { class: "place" }),
    count: h("span", { class: "count" }),
    rest: h("span", { class: "rest" }),
    meter: h("span", { class: "meter", role: "progressbar", "aria-label": "已确认", "aria-valuemin": "0" }, fill),
    fill,
    expectedLoss: h("span", { class: "expected-loss", title: "这一条里可能出错的分值：字段分值 × 出错的可能" }),
    note: h("span", { class: "note" }),
    talk: h("button", {
      type: "button",
      class: "talks",
      hidden: true,
      title: `本条没有解决的讨论（${chordFor("thread")}）`,
    }),
    status: h("span", { class: "badge" }),
    chat: h("span", { class: "chat-number" }),
    save: h("button", { type: "button", class: "save", "aria-live": "polite", onclick: onRetry }),
    find: h("input", {
      class: "find",
      type: "search",
      placeholder: "在群聊里查找",
      "aria-label": "在群聊里查找",
      title: `查找（${chordFor("search")}）`,
    }),
    found: h("span", { class: "found", "aria-live": "polite" }),
  };
  bar.find.addEventListener("focus", onType);
  bar.find.addEventListener("input", () => onFind(bar.find.value, 0));
  bar.find.addEventListener("keydown", (event) => {
    if (isComposing(event) || event.key !== "Enter") return;
    event.preventDefault();
    onFind(bar.find.value, event.shiftKey ? -1 : 1);
  });
  const element = h(
    "div",
    { class: "top" },
    bar.dataset,
    bar.count,
    bar.meter,
    bar.rest,
    h("span", { class: "gap" }),
    bar.note,
    bar.talk,
    bar.expectedLoss,
    bar.found,
    bar.find,
    bar.status,
    bar.chat,
    bar.reviewer,
    bar.save,
  );
  return { ...bar, element };
}

/**
 * Seconds in words: 52 秒, 3 分钟, 1 小时 10 分.
 * @param {number} seconds
 */
export function duration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} 秒`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} 分钟`;
  return `${Math.floor(minutes / 60)} 小时${minutes % 60 ? ` ${minutes % 60} 分` : ""}`;
}

/**
 * Draw the bar above. `state` is saved, saving or unsaved.
 * @param {TopBar} bar
 * @param {Store} store
 * @param {Entry | null} entry
 * @param {"saved" | "saving" | "unsaved"} state
 * @param {boolean} isAway whether the server is away: what waits for it is safe here
 */
export function drawTop(bar, store, entry, state, isAway) {
  const {
    total,
    confirmed,
    discussed,
    skipped,
    left,
    queue,
    partly,
    pace_seconds: pace,
    left_seconds: rest,
  } = store.progress;
  setText(bar.dataset, store.dataset.name);
  setAttr(bar.dataset, "title", `表单：${store.form.title} 第 ${store.form.version} 版`);
  setText(bar.reviewer, store.reviewer);
  setText(bar.place, [store.dataset.name, store.reviewer].filter(Boolean).join(" · "));
  setText(bar.count, `${grouped(confirmed)} / ${grouped(total)} 已确认`);
  const ofAll = queue !== undefined && left > queue ? `（共剩 ${grouped(left)}）` : "";
  const toDo = partly ? `队列里 ${grouped(queue ?? 0)}${ofAll}` : left ? `还剩 ${grouped(left)}` : "";
  const remaining = [
    toDo,
    discussed ? `待讨论 ${grouped(discussed)}` : "",
    skipped ? `已跳过 ${grouped(skipped)}` : "",
    rest ? `约 ${duration(rest)}` : "",
    pace ? `每条 ${duration(pace)}` : "",
  ].filter(Boolean);
  setText(bar.rest, remaining.join(" · "));
  setAttr(bar.rest, "title", remaining.join(" · ") || null);
  setText(bar.expectedLoss, entry ? lossText(entry, store.form) : "");
  bar.fill.style.width = total ? `${(100 * confirmed) / total}%` : "0";
  setAttr(bar.meter, "aria-valuenow", confirmed);
  setAttr(bar.meter, "aria-valuemax", total);
  setText(bar.chat, store.current === null ? "" : `第 ${store.current} 条`);
  setText(bar.status, entry ? entry.status : "");
  setAttr(bar.status, "data-status", entry ? entry.status : "");
  setHidden(bar.status, !entry);
  const talks = discussionCount(entry);
  setText(bar.talk, talks);
  setHidden(bar.talk, !talks);
  setText(bar.note, entry?.note ? `备注：${entry.note}` : "");
  setAttr(bar.note, "title", entry?.note || null);
  setText(bar.save, isAway && state === "saving" ? AWAY_WORD : SAVE_WORDS[state]);
  setAttr(bar.save, "data-state", state);
  bar.save.disabled = state !== "unsaved";
}

/**
 * The bar below the panes. `run(id)` runs a command; `onNote(text)` takes a discussion's note, null = given up; `place` is
 * the bar above's, shown where there is no message.
 * @param {{ run: (id: string) => void, onNote: (text: string | null) => void, place: HTMLElement }} options
 */
export function buildBottom({ run, onNote, place }) {
  const message = h("div", { class: "message", role: "status", "aria-live": "polite", "data-empty": true });
  const input = h("input", {
    class: "note-input",
    type: "text",
    placeholder: "要讨论什么？可以不写，回车提交，Esc 放弃",
    "aria-label": "待讨论的原因",
  });
  input.addEventListener("keydown", (event) => {
    if (isComposing(event)) return;
    if (event.key === "Enter") onNote(input.value.trim());
    else if (event.key === "Escape") onNote(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  input.hidden = true;
  const mode = h(
    "span",
    { class: "mode", hidden: true, title: "命令模式：单个字母即命令；F1 看全部，Esc 退出" },
    "命令模式",
    h("span", {}, " ", h("kbd", {}, "F1"), " 看全部"),
  );
  const decisions = [
    commandButton("approve", "确认并下一条", run, true),
    commandButton("empties", "确认其余为空", run),
    commandButton("discuss", "待讨论", run),
    commandButton("skip", "跳过", run),
  ];
  const moves = ["previous", "next"].map((id) => {
    const button = commandButton(id, id === "next" ? "下一条" : "上一条", run);
    button.classList.add("quiet");
    return button;
  });
  const help = h(
    "button",
    {
      type: "button",
      class: "btn quiet",
      title: "全部快捷键（F1；? 只在焦点不在输入框时）",
      "data-command": "help",
      onclick: () => run("help"),
    },
    "快捷键",
    caps(chordFor("help")),
  );
  const element = h(
    "div",
    { class: "bottom" },
    ...decisions,
    input,
    mode,
    message,
    place,
    h("span", { class: "gap" }),
    ...moves,
    help,
  );
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return { element, message, input, mode, decisions, timer, noteOpen: false };
}

const dot = () => h("span", { class: "dot" }, " · ");

/**
 * Say a sentence in the bar below, with an action where something can be taken back. It stays until the next one.
 * @param {BottomBar} bar
 * @param {string} text
 * @param {SayOptions} [options]
 */
export function say(bar, text, { tone = "", action = null, tail = "", seconds = 8 } = {}) {
  clearTimeout(bar.timer);
  setAttr(bar.element, "data-tone", tone || null);
  // What is too long for its place ends with … and is whole in the tooltip; the way back, or on, is always there.
  bar.message.replaceChildren(
    h("span", { class: "said", title: text || null }, text),
    tail && text ? h("span", { class: "tail-said" }, tail) : "",
    ...(action && text
      ? [dot(), h("button", { type: "button", class: "link", tabindex: "-1", onclick: action.run }, action.label)]
      : []),
  );
  setAttr(bar.message, "data-tone", tone || null);
  setAttr(bar.message, "data-empty", text ? null : "");
  if (text && seconds) bar.timer = setTimeout(() => say(bar, ""), seconds * 1000);
}

/**
 * Say something more behind the sentence in the bar below, once.
 * @param {BottomBar} bar
 * @param {string} text
 */
export function addLine(bar, text) {
  if (bar.message.querySelector(".more-said")) return;
  if (!bar.message.textContent) say(bar, "");
  if (bar.message.textContent) bar.message.append(dot());
  bar.message.append(h("span", { class: "more-said", title: text }, text));
  setAttr(bar.message, "data-empty", null);
}

/**
 * Open or close the input for a discussion's note.
 * @param {BottomBar} bar
 * @param {boolean} open
 */
export function askNote(bar, open, text = "") {
  bar.noteOpen = open;
  setHidden(bar.input, !open);
  setHidden(bar.message, open);
  if (open) {
    bar.input.value = text;
    bar.input.focus();
  }
}
