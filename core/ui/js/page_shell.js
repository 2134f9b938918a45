// @ts-check
// What stands around every page from its first paint on: Streamlit's own words in Chinese, a line while the server is
// away, a sign at tables of which columns are out of sight, and keys of the page that no table takes. Runs by itself in
// the page's head (page_shell.py).
import { hiddenColumns } from "./hidden_columns.js";
import { keepOneEntryForEach } from "./page_history.js";
import { inChinese } from "./streamlit_words.js";
import { keepPagesKeysFromTables } from "./table_keys.js";

/** Texts of ours and of chats: never touched, except on the upload's own button. */
const NOT_STREAMLITS =
  "[data-testid=stMarkdownContainer]:not([data-testid=stFileUploaderDropzone] *), [data-testid=stCode], [data-testid=stHtml], .ours-palette, .ours-palette-button, textarea, script, style";
const TRANSLATED = ["aria-label", "placeholder", "title", "aria-description", "aria-roledescription", "aria-valuetext"];
/** Milliseconds without the server before it is said: a page that is left or reloaded takes less. */
const PATIENCE = 1000;
/** Milliseconds for which it is said that the server is back. */
const BACK_SHOWN = 3000;
const AWAY = "暂时连不上服务器，改动都在本机，恢复后自动保存。";
const BACK = "已重新连上服务器。";
/** The page stays as it is, signs in elsewhere and connects again: whatever is typed is still there. */
const ENDED = "登录已结束，打的字都还在。";
const SIGN_IN = "在新窗口登录";
const SIGN_IN_PATH = "/sign-in?next=/sign-in/done";
/** Milliseconds between two looks at why the server is away. */
const LOOKS = 4000;
/** An address of the server that answers only who is signed in. */
const ASKED = "/_stcore/host-config";
const NOT_SIGNED_IN = 401;
/** Title of Streamlit's own dialog, as it is translated. */
const LOST = "暂时连不上服务器";
/** Milliseconds after which the dialog, as it goes, may have taken the focus away. */
const RETURNS = [0, 50, 200, 500];
const SCRIPT = "data-test-script-state";
/** Attribute of a page that is not in its place yet. */
const FRESH = "data-ours-fresh";
/** Milliseconds for which what there is of a page stays out of sight at most. */
const MOMENT = 1500;
/** Milliseconds without anything new after which a page is taken to be in its place. */
const QUIET = 100;
/** Attribute with what is said at a table. */
const MORE = "data-ours-more";
/** Elements of React above a table in which its columns are looked for. */
const STEPS = 30;
/** Pixels of a table, of which no columns are known, that may be out of sight without being missed. */
const UNNAMED = 12;
const CONNECTION = "data-test-connection-state";
/** Icons that say something by themselves. */
const KNOWN_ICONS = new Set(["check_circle icon", "radio_button_unchecked icon"]);

/** @param {Text} node */
function translateText(node) {
  const parent = node.parentElement;
  if (!parent || !/[A-Za-z]{2}/.test(node.data) || parent.closest(NOT_STREAMLITS)) return;
  const chinese = inChinese(node.data, (selector) => parent.closest(selector) !== null, false);
  if (chinese !== node.data) node.data = chinese;
}

/** @param {Element} element */
function translateLabels(element) {
  for (const name of TRANSLATED) {
    const text = element.getAttribute(name);
    if (!text) continue;
    if (/^[a-z_0-9]+ icon$/.test(text) && element.getAttribute("role") === "img" && !KNOWN_ICONS.has(text)) {
      element.setAttribute("aria-hidden", "true"); // says nothing that the words beside it do not
    }
    const chinese = inChinese(text, (selector) => element.closest(selector) !== null, true);
    if (chinese !== text) element.setAttribute(name, chinese);
    // Its title is the component's name in the program, by which it is found; this is what is read out.
    if (name === "title" && text.startsWith("st_aggrid.") && !element.hasAttribute("aria-label")) {
      element.setAttribute("aria-label", "表格");
    }
  }
}

/** @param {Node} root */
function translate(root) {
  if (root instanceof Text) translateText(root);
  if (!(root instanceof Element)) return;
  translateLabels(root);
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node instanceof Text) translateText(node);
    else if (node instanceof Element) translateLabels(node);
  }
}

/** Whose sign-in this browser has: its number of an account, empty where nobody has to sign in. */
function person() {
  return /(?:^|; )shiyao_person=([^;]*)/.exec(document.cookie)?.[1] ?? "";
}

/** Whether the server is there and knows nobody in this browser. */
async function isSignedOut() {
  try {
    // A server that hangs is away, and says so no later than one that is gone.
    return (await fetch(ASKED, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) })).status === NOT_SIGNED_IN;
  } catch {
    return false;
  }
}

function makeSignInLink() {
  const link = document.createElement("a");
  link.href = SIGN_IN_PATH;
  link.target = "_blank";
  link.rel = "noopener";
  link.textContent = SIGN_IN;
  return link;
}

/**
 * The line that says that the server is away or the sign-in has ended, and when all is back; Streamlit's own dialog
 * would lie over the work.
 */
function makeConnectionLine() {
  const line = document.createElement("div");
  line.className = "ours-connection";
  line.setAttribute("role", "status");
  line.hidden = true;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let clock;
  let isAway = false;
  const whose = person();

  /** @param {string} text @param {Node[]} after */
  function show(text, ...after) {
    if (line.firstChild?.textContent !== text) line.replaceChildren(text, ...after);
    line.hidden = false;
  }

  async function tell() {
    const isEnded = await isSignedOut();
    if (!isAway) return;
    if (isEnded) show(ENDED, makeSignInLink());
    else show(AWAY);
    clock = setTimeout(tell, LOOKS);
  }

  return () => {
    const state = document.querySelector("[data-testid=stApp]")?.getAttribute("data-test-connection-state");
    const isLost = state !== undefined && state !== null && state !== "CONNECTED" && state !== "INITIAL";
    if (isLost === isAway) return;
    isAway = isLost;
    clearTimeout(clock);
    if (!line.isConnected) document.body.append(line);
    if (isAway) clock = setTimeout(tell, PATIENCE);
    // What stands here is another person's.
    else if (whose && person() !== whose) location.reload();
    else if (!line.hidden) {
      show(BACK);
      clock = setTimeout(() => {
        line.hidden = true;
      }, BACK_SHOWN);
    }
  };
}

/** The element that has the focus, inside components as well. */
function focused() {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element instanceof HTMLElement ? element : null;
}

/** Close Streamlit's dialog about the lost connection, which stays closed until the next time; who types goes on. */
function closeConnectionDialog() {
  for (const dialog of document.querySelectorAll("[data-testid=stDialog]")) {
    if (!dialog.textContent?.includes(LOST)) continue;
    const before = focused();
    dialog.querySelector("button")?.click();
    if (!before || dialog.contains(before)) continue;
    for (const wait of RETURNS) {
      setTimeout(() => {
        if (document.activeElement === document.body) before.focus({ preventScroll: true });
      }, wait);
    }
  }
}

/** A menu with one entry, marked by Python with this character at its end (navigation.py), leads where that entry does. */
const LINK = "\u2060";

/** @param {Element} section the button of a menu */
function makeLink(section) {
  section.setAttribute("data-ours-link", "");
  section.setAttribute("role", "link");
  section.removeAttribute("aria-haspopup");
}

function followOnlyEntries() {
  for (const section of document.querySelectorAll("[data-testid=stTopNavSection]:not([data-ours-link])")) {
    if (section.textContent?.includes(LINK)) makeLink(section);
  }
  const open = document.querySelector("[data-ours-link][aria-expanded=true]");
  const entry = open && document.querySelector("[data-testid=stTopNavPopover] a");
  if (entry instanceof HTMLElement) entry.click();
}

/**
 * All columns of a table, in order, and how many of them stay where they are. The table itself tells only those in sight
 * and no widths; React, which drew it, keeps all of them. Nothing where it keeps them otherwise.
 * @param {Element} grid
 */
function columnsOf(grid) {
  const name = Object.keys(grid).find((key) => key.startsWith("__reactFiber$"));
  let fiber = name ? /** @type {any} */ (grid)[name] : null;
  for (let step = 0; fiber && step < STEPS; step++, fiber = fiber.return) {
    const { columns, freezeColumns } = fiber.memoizedProps ?? {};
    if (!Array.isArray(columns) || typeof columns[0]?.title !== "string" || !(columns[0].width > 0)) continue;
    let left = 0;
    const placed = columns.map(({ title, width }) => {
      left += width;
      return { title, left: left - width, width };
    });
    return placed.slice(Number(freezeColumns) || 0);
  }
  return [];
}

/**
 * What is said of the columns that are out of sight on the right.
 * @param {Element} grid
 * @param {Element} scroller of its columns
 */
function hiddenOnTheRight(grid, scroller) {
  const columns = columnsOf(grid);
  const right = scroller.scrollLeft + scroller.clientWidth;
  if (columns.length) return hiddenColumns(columns, { left: 0, right }, columns.length)[1];
  return scroller.scrollWidth - right < UNNAMED ? "" : "右边还有列没有显示 →";
}

/** Say at each table which of its columns are out of sight. */
function tellHiddenColumns() {
  for (const place of document.querySelectorAll(`[${MORE}]`)) {
    if (!place.querySelector("[data-testid=stDataFrame]")) place.removeAttribute(MORE); // the table there has gone
  }
  for (const frame of document.querySelectorAll("[data-testid=stDataFrame]")) {
    const scroller = frame.querySelector(".dvn-scroller");
    const grid = frame.querySelector("table[role=grid]");
    const place = frame.closest("[data-testid=stElementContainer]") ?? frame;
    const says = grid && scroller ? hiddenOnTheRight(grid, scroller) : "";
    if (says) place.setAttribute(MORE, says);
    else place.removeAttribute(MORE);
  }
}

/**
 * Keep a page that is opened out of sight, but for its title, until all of it is in its place: it comes in pieces, and
 * each would push others about. No longer than a moment: what takes its time is seen as it comes. The desk has a look of
 * its own while it waits.
 */
function makeArrival() {
  const page = document.documentElement;
  let isFresh = !location.pathname.endsWith("/workbench");
  let isTimed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let quiet;
  page.toggleAttribute(FRESH, isFresh);

  function show() {
    isFresh = false;
    page.removeAttribute(FRESH);
    focusFirstBox();
  }

  function showIfWhole() {
    const isRunning = !document.querySelector('[data-testid=stApp][data-test-script-state="notRunning"]');
    if (!isRunning && !document.querySelector("[data-testid=stSkeleton]")) show();
  }

  return () => {
    if (!isFresh || !document.querySelector("[data-testid=stMain] [data-testid=stElementContainer]")) return;
    if (!isTimed) setTimeout(show, MOMENT);
    isTimed = true;
    clearTimeout(quiet);
    quiet = setTimeout(showIfWhole, QUIET);
  };
}

/** The box that a page opens at (`st-key-opens-at-…`): who comes to it can type at once. */
const OPENS_AT = '[class*="st-key-opens-at-"] input';
/** @type {Element | null} the box that had its turn */
let openedAt = null;

/** Put the focus into the box that the page opens at, once, where nobody has put it elsewhere. */
function focusFirstBox() {
  const box = document.querySelector(OPENS_AT);
  if (!(box instanceof HTMLElement) || box === openedAt || !box.checkVisibility({ visibilityProperty: true })) return;
  openedAt = box;
  if (document.activeElement === document.body) box.focus({ preventScroll: true });
}

/** What somebody asked for and stands below the fold as it comes (`st-key-comes-into-view-…`). */
const COMES_INTO_VIEW = "st-key-comes-into-view-";
/** What had its turn, by its key: the element may be another one once the page was drawn anew. */
let broughtIntoView = "";

/** Scroll to the answer that somebody asked for, once: what they look at next stays where they put it. */
function bringIntoView() {
  const part = document.querySelector(`[class*="${COMES_INTO_VIEW}"]`);
  const key = [...(part?.classList ?? [])].find((name) => name.startsWith(COMES_INTO_VIEW)) ?? "";
  if (part === null || key === broughtIntoView) return;
  broughtIntoView = key;
  requestAnimationFrame(() => part.scrollIntoView({ block: "start" }));
}

/**
 * Tell Streamlit where its server is, which it would find out by asking below the page's own address first and waiting
 * after the refusal; it connects at once, and asks what else the server has to say beside that.
 */
function nameServer() {
  const server = new URL(".", window.location.href);
  const host = { allowedOrigins: [server.origin], useExternalAuthToken: false };
  Object.assign(window, { __streamlit: { BACKEND_BASE_URL: server.href, HOST_CONFIG: host } });
}

nameServer();
const lookAtArrival = makeArrival();
let isDue = false;

/** Look at the tables in the next frame, once for all that happens until then. */
function lookAtTables() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    tellHiddenColumns();
  });
}

const lookAtConnection = makeConnectionLine();

/** Translate what is there and whatever comes, before it is painted. */
new MutationObserver((changes) => {
  let hasNew = false;
  for (const { type, target, addedNodes, attributeName } of changes) {
    if (attributeName === CONNECTION || attributeName === SCRIPT) lookAtConnection();
    else if (type === "childList") {
      addedNodes.forEach(translate);
      hasNew ||= addedNodes.length > 0;
    } else if (target instanceof Text) translateText(target);
    else if (target instanceof Element) translateLabels(target);
  }
  lookAtArrival();
  if (!hasNew) return;
  closeConnectionDialog();
  followOnlyEntries();
  focusFirstBox();
  bringIntoView();
  lookAtTables();
}).observe(document, {
  subtree: true,
  childList: true,
  characterData: true,
  attributes: true,
  attributeFilter: [...TRANSLATED, CONNECTION, SCRIPT],
});
keepPagesKeysFromTables();
keepOneEntryForEach(window);
window.addEventListener("resize", lookAtTables);
document.addEventListener("scroll", lookAtTables, { capture: true, passive: true });
