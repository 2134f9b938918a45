// @ts-check
// The palette (Ctrl+K, Cmd+K on a Mac): a window over any page in which a field, chat, run, dataset, page or command is
// found by name. Part of the page's shell (page_shell.py). Texts from data go in by textContent only.
/** @import { Names, Section } from "./palette_search.js" */
/** @import { PaletteItem } from "./page_events.js" */
import { CHAT_PICKED, PALETTE_ASKS, PALETTE_CLOSES } from "./page_events.js";
import { chatItems, itemsOf, joinItems, makeSearch, unasked, withChats } from "./palette_search.js";
import { makeWay } from "./palette_way.js";

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.platform ?? "");
const CHORD = IS_MAC ? "⌘K" : "Ctrl+K";
/** Characters that are taken; the rest of what is pasted falls away (core/ui/palette/routes.py takes no more either). */
const LONGEST = 100;
/** Milliseconds for which a list waits for the chats that belong to it, so that it is drawn once. */
const HELD = 60;
/** Milliseconds after which the server counts as away. */
const PATIENCE = 5000;
const MOST_KEPT = 12;
const AWAY = "暂时连不上服务器：现在只能用本页的命令和字段";
const HINT = "输入名字、全拼或首字母；群聊用数据集加序号，如 hy 31，或群聊里的字词";

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The element that has the focus, inside components and tables' frames as well. */
function deepFocus() {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element instanceof HTMLElement && element !== document.body ? element : null;
}

/** @param {string} name */
function cookie(name) {
  return new RegExp(`(?:^|; )${name}=([^;]*)`).exec(document.cookie)?.[1] ?? "";
}

/** Where the ids of what somebody picked last lie, for each person by themselves. */
function makeRecent() {
  const key = () => `shiyao:palette:${cookie("shiyao_person") || cookie("shiyao_reviewer")}`;
  /** @returns {string[]} */
  function ids() {
    try {
      const kept = JSON.parse(localStorage.getItem(key()) ?? "[]");
      return Array.isArray(kept) ? kept.filter((id) => typeof id === "string") : [];
    } catch {
      return []; // forbidden, or not ours
    }
  }
  /** @param {string} id */
  function add(id) {
    const newest = [id, ...ids().filter((other) => other !== id)].slice(0, MOST_KEPT);
    try {
      localStorage.setItem(key(), JSON.stringify(newest));
    } catch {
      // A full storage remembers nothing; picking works all the same.
    }
  }
  return { ids, add };
}

/**
 * What the server answers under an address of ours.
 * @param {string} path
 * @param {AbortSignal} signal
 */
async function ask(path, signal) {
  const answer = await fetch(path, { cache: "no-store", signal });
  const said = await answer.text();
  if (!answer.ok) throw new Error(String(JSON.parse(said).error ?? ""));
  return said;
}

/** The server's own sentence where it gave one. @param {unknown} error */
function sentenceOf(error) {
  return (error instanceof Error && /[\u4e00-\u9fff]/.test(error.message) && error.message) || AWAY;
}

function makePalette() {
  const recent = makeRecent();
  const input = make("input", {
    type: "text",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": "ours-palette-list",
    "aria-autocomplete": "list",
    "aria-label": "搜索页面、数据集、群聊、字段和命令",
    placeholder: "搜索页面、数据集、群聊、字段和命令",
    maxlength: String(LONGEST),
    autocomplete: "off",
    spellcheck: "false",
  });
  const list = make("div", { id: "ours-palette-list", role: "listbox", "aria-label": "可以打开的", tabindex: "-1" });
  const empty = make("p"); // beside the list: a list without an option is none to a reader of screens
  const status = make("span", { role: "status" });
  const hints = make("span", { class: "keys", "aria-hidden": "true" });
  for (const [key, word] of [
    ["↑↓", "选"],
    ["↵", "打开"],
    ["Esc", "关闭"],
  ])
    hints.append(make("kbd", {}, key), ` ${word}　`);
  const window_ = make(
    "dialog",
    { class: "ours-palette", "aria-label": "搜索" },
    input,
    empty,
    list,
    make("footer", {}, status, hints),
  );
  /** @type {Names | null} */
  let names = null;
  let namesText = "";
  let search = makeSearch({});
  /** @type {PaletteItem[]} what can be found by name now */
  let items = [];
  /** @type {PaletteItem[]} what is listed, in order */
  let listed = [];
  let chosen = 0;
  let dataset = "";
  const way = makeWay(({ page, query }) => location.assign(`/${page}?${new URLSearchParams(query)}`));
  /** @type {HTMLElement | null} */
  let cameFrom = null;
  let asking = new AbortController();
  let isWaiting = false;
  let picksNext = false;
  let trouble = "";

  /** @param {PaletteItem[]} offered */
  function gather(offered) {
    items = joinItems(offered, itemsOf(names, dataset));
  }

  function offersOfPage() {
    /** @type {PaletteItem[]} */
    const offered = [];
    window.dispatchEvent(new CustomEvent(PALETTE_ASKS, { detail: { items: offered } }));
    return offered;
  }

  /** @param {PaletteItem[]} offered */
  async function fetchNames(offered) {
    const before = trouble;
    try {
      const text = await ask("/palette/names", AbortSignal.timeout(PATIENCE));
      trouble = "";
      if (text === namesText && !before) return;
      namesText = text;
      names = JSON.parse(text);
      search = makeSearch(names?.readings ?? {});
    } catch (error) {
      trouble = sentenceOf(error);
    }
    gather(offered);
    if (window_.open) look();
  }

  /** Find what fits the query, and show it once the chats that belong to it are there. */
  function look() {
    asking.abort();
    asking = new AbortController();
    isWaiting = false;
    picksNext = false;
    const query = input.value.trim();
    const local = query
      ? search.search(query, items)
      : unasked(
          items,
          recent.ids().filter((id) => !isHere(id)),
          names,
        );
    const question = query ? search.chatsAskedFor(query, names, dataset) : null;
    if (!question || !names) {
      show(local, query);
      return;
    }
    const known = names;
    const { signal } = asking;
    isWaiting = true;
    const clock = setTimeout(() => show(local, query), HELD);
    const parameters = new URLSearchParams({
      datasets: question.datasets.join(","),
      number: question.number,
      words: question.words.join(" "),
      letters: question.letters ?? "",
    });
    ask(`/palette/chats?${parameters}`, AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]))
      .then((said) => withChats(local, chatItems(JSON.parse(said).chats, known), question.number !== ""))
      .catch((error) => {
        trouble = signal.aborted ? trouble : sentenceOf(error);
        return local;
      })
      .then((sections) => {
        clearTimeout(clock);
        if (signal.aborted) return;
        isWaiting = false;
        show(sections, query);
        if (picksNext) pick(listed[chosen]);
      });
  }

  /** @param {Section[]} sections @param {string} query */
  function show(sections, query) {
    listed = sections.flatMap(({ items: some }) => some);
    let number = 0;
    const drawn = sections.map(({ title, items: some }) =>
      make(
        "div",
        { role: "group", "aria-label": title },
        make("div", { class: "title", "aria-hidden": "true" }, title),
        ...some.map((item) => option(item, number++, title)),
      ),
    );
    empty.textContent = listed.length || isWaiting ? "" : nothing(query);
    empty.hidden = !empty.textContent;
    list.hidden = !listed.length;
    input.setAttribute("aria-expanded", String(listed.length > 0));
    list.replaceChildren(...drawn);
    list.scrollTop = 0;
    choose(0);
    const count = query && listed.length ? `${listed.length} 项` : "";
    status.textContent =
      trouble || (query ? count : names && !names.datasets.length ? "还没有数据集：先到「导入」" : HINT);
    status.toggleAttribute("data-trouble", trouble !== "");
    list.dataset.query = query;
  }

  /** @param {string} query */
  function nothing(query) {
    if (!query) return names || trouble ? "这里还没有可以打开的" : "正在读取…";
    return `没有找到「${query}」。可以只打首字母，如 yxcp；群聊用数据集加序号，如 hy 31`;
  }

  /** @param {PaletteItem} item @param {number} number @param {string} title */
  function option(item, number, title) {
    const row = make("div", { role: "option", id: `ours-palette-${number}`, "aria-selected": "false" });
    row.append(make("span", { class: "label" }, item.label), make("span", { class: "context" }, item.context));
    if (item.keys) row.append(make("kbd", { "aria-hidden": "true" }, item.keys));
    else if (item.kind !== title) row.append(make("span", { class: "kind" }, item.kind));
    row.addEventListener("mousemove", () => choose(number, false));
    row.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
    row.addEventListener("click", () => pick(item));
    return row;
  }

  /** @param {number} number @param {boolean} [isRevealed] */
  function choose(number, isRevealed = true) {
    chosen = number;
    for (const row of list.querySelectorAll("[role=option]")) {
      const isChosen = row.id === `ours-palette-${number}`;
      row.setAttribute("aria-selected", String(isChosen));
      if (isChosen && isRevealed) row.scrollIntoView({ block: "nearest" });
    }
    if (listed.length) input.setAttribute("aria-activedescendant", `ours-palette-${number}`);
    else input.removeAttribute("aria-activedescendant");
  }

  /** @param {PaletteItem | undefined} item */
  function pick(item) {
    if (!item) return;
    const isElsewhere = !item.run;
    if (isElsewhere && isServerAway()) {
      trouble = AWAY;
      status.textContent = AWAY;
      status.toggleAttribute("data-trouble", true);
      return;
    }
    if (item.isRemembered !== false) recent.add(item.id);
    close();
    if (item.run) item.run();
    else follow(item);
  }

  /** @param {PaletteItem} item */
  function follow({ page = "", query = {} }) {
    if (query.chat) {
      const detail = { dataset: Number(query.dataset), chat: Number(query.chat) };
      if (!window.dispatchEvent(new CustomEvent(CHAT_PICKED, { cancelable: true, detail }))) return;
    }
    way.follow({ page, query }, !isServerAway());
  }

  /** Whether an item leads to where one is. @param {string} id */
  function isHere(id) {
    const { pathname, searchParams } = new URL(location.href);
    return id === `page:${pathname.slice(1)}` || id === `chat:${dataset}:${searchParams.get("chat")}`;
  }

  function isServerAway() {
    const state = document.querySelector("[data-testid=stApp]")?.getAttribute("data-test-connection-state");
    return state !== undefined && state !== null && state !== "CONNECTED" && state !== "INITIAL";
  }

  function open() {
    cameFrom = deepFocus();
    const offered = offersOfPage();
    dataset = new URL(location.href).searchParams.get("dataset") ?? dataset;
    input.value = "";
    trouble = "";
    gather(offered);
    if (!window_.isConnected) document.body.append(window_);
    window_.showModal();
    look();
    fetchNames(offered);
  }

  function close() {
    if (!window_.open) return;
    asking.abort();
    const shut = () => {
      window_.close();
      if (cameFrom && deepFocus() !== cameFrom) cameFrom.focus({ preventScroll: true });
    };
    const detail = { element: cameFrom, shut };
    if (window.dispatchEvent(new CustomEvent(PALETTE_CLOSES, { cancelable: true, detail }))) shut();
    cameFrom = null;
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    event.stopPropagation(); // Streamlit has letters of its own
    if (event.isComposing || event.keyCode === 229) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (event.key === "Escape") close();
    else if (event.key === "Enter") {
      if (event.repeat) return event.preventDefault();
      if (isWaiting) picksNext = true;
      else pick(listed[chosen]);
    } else if (step && listed.length) choose((chosen + step + listed.length) % listed.length);
    else if (event.key !== "Tab") return; // there is nothing else to go to
    event.preventDefault();
  }

  window_.addEventListener("keydown", onKey);
  window_.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  window_.addEventListener("mousedown", (event) => {
    if (event.target === window_ && event.offsetY >= 0 && isOutside(event)) close();
  });
  input.addEventListener("input", (event) => {
    if (!(event instanceof InputEvent && event.isComposing)) look();
  });
  input.addEventListener("compositionend", look);

  /** @param {MouseEvent} event */
  function isOutside(event) {
    const box = window_.getBoundingClientRect();
    return (
      event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom
    );
  }

  return {
    toggle: () => (window_.open ? close() : open()),
    /**
     * A page of the session is there.
     * @param {{ dataset?: string } | null} data
     * @param {(target: { page: string, query: Record<string, string> }) => void} open_ opens an address in it
     */
    connect(data, open_) {
      dataset = data?.dataset || dataset;
      way.connect(open_);
    },
    disconnect: way.disconnect,
  };
}

/** The button in the line of the menu, behind its last entry. @param {() => void} onClick */
function makeButton(onClick) {
  const button = make("button", {
    type: "button",
    "aria-keyshortcuts": IS_MAC ? "Meta+K" : "Control+K",
    title: `搜索（${CHORD}）`,
  });
  button.append(
    make("span", { class: "glass", "aria-hidden": "true" }),
    make("span", { class: "word" }, "搜索"),
    make("kbd", { "aria-hidden": "true" }, CHORD),
  );
  button.setAttribute("aria-label", "搜索");
  button.addEventListener("mousedown", (event) => event.preventDefault()); // whoever has the focus gets it back
  button.addEventListener("click", onClick);
  const place = make("div", { class: "ours-palette-button", role: "search" }, button);

  function settle() {
    const entries = document.querySelectorAll("[data-testid=stTopNavLink], [data-testid=stTopNavSection]");
    const right = Math.max(0, ...[...entries].map((entry) => entry.getBoundingClientRect().right));
    place.hidden = !right;
    const left = `${Math.ceil(right) + 10}px`;
    if (right && place.style.left !== left) place.style.left = left;
    if (!place.isConnected && document.body) document.body.append(place);
  }

  return { settle };
}

const palette = makePalette();
const paletteButton = makeButton(palette.toggle);
/** @type {any} */ (window).shiyaoPalette = { connect: palette.connect, disconnect: palette.disconnect };

/** @param {KeyboardEvent} event */
function onChord(event) {
  const isChord = IS_MAC ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
  if (!isChord || event.altKey || event.shiftKey || event.code !== "KeyK" || event.isComposing) return;
  event.preventDefault(); // the browser would go to its own search
  event.stopImmediatePropagation();
  if (!event.repeat) palette.toggle();
}

window.addEventListener("keydown", onChord, true);
// Tables lie in frames, which have keys of their own.
document.addEventListener(
  "load",
  ({ target }) => {
    if (!(target instanceof HTMLIFrameElement)) return;
    try {
      target.contentWindow?.addEventListener("keydown", onChord, true);
    } catch {
      // not a frame of ours
    }
  },
  true,
);

let isToSettle = false;
function settleSoon() {
  if (isToSettle) return;
  isToSettle = true;
  requestAnimationFrame(() => {
    isToSettle = false;
    paletteButton.settle();
  });
}
new MutationObserver(settleSoon).observe(document, { subtree: true, childList: true });
window.addEventListener("resize", settleSoon);
