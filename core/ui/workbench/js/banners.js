// @ts-check
// What stands above the panes: notices, a conflict.
/** @import { Action, Entry } from "./types.js" */
/** @import { Workbench } from "./workbench.js" */

import { drawHeadline, narrow } from "./chat_view.js";
import { focusConflictSoon } from "./conflict_keys.js";
import { customerNames, newCustomers, speakersOf } from "./customers.js";
import { setAttr, setText } from "./dom.js";
import { chordFor } from "./keys.js";
import { conflictRows, settleConflict } from "./outbox.js";
import { buildConflict, notice } from "./overlays.js";
import { chatAsFilled } from "./sides.js";
import { show, troubled } from "./state.js";

const AWAY = "服务器还没有回应：改动都在本机，恢复后自动保存。";
/**
 * Whether the server is away: what waits for it is safe in this browser.
 * @param {Workbench} workbench
 */
export function isAway({ sync, isAwaiting }) {
  return sync.isLate() || isAwaiting;
}

/** Whether the page itself says that the server is away, and why: once is enough. */
const isSaidByPage = () => document.querySelector(".ours-connection:not([hidden])") !== null;

/** The cookie in which the app keeps the reviewer's name (`REVIEWER_COOKIE` in core/ui/state.py). */
const REVIEWER_COOKIE = "shiyao_reviewer";

/** Who this browser was seen to take the reviewer for, as this page does. */
let sharedName = "";

/**
 * Whom another tab made the reviewer since this page took its own from the cookie; "" where nobody did. With sign-in names do
 * not come from there, and what lies in it is old.
 * @param {string} reviewer
 */
function reviewerElsewhere(reviewer) {
  const name = cookieName();
  if (name === reviewer) sharedName = reviewer;
  return sharedName === reviewer && name !== reviewer ? name : "";
}

function cookieName() {
  const pair = document.cookie.split("; ").find((item) => item.startsWith(`${REVIEWER_COOKIE}=`));
  try {
    return decodeURIComponent(pair?.slice(REVIEWER_COOKIE.length + 1) ?? "").trim();
  } catch {
    return "";
  }
}

/**
 * A conflict in which both sides say the same is none: save on top of it.
 * @param {Workbench} workbench
 */
export function settleEqualConflicts({ store, sync }) {
  for (const entry of store.entries.values()) {
    if (!entry.conflict?.theirs || conflictRows(entry, store.form).length) continue;
    sync.save(entry, settleConflict(entry, store.form, new Set()));
  }
}

/**
 * Draw the banner of a conflict above the form.
 * @param {Workbench} workbench
 * @param {Entry | null} entry
 */
export function drawConflict(workbench, entry) {
  const { conflictHost, store, calls } = workbench;
  const state = entry?.conflict ? `${store.current}:${entry.conflict.version}` : "";
  if (conflictHost.dataset.state === state) return;
  conflictHost.dataset.state = state;
  conflictHost.replaceChildren(
    ...(entry?.conflict ? [buildConflict(entry, entry.conflict, store.form, calls.settle)] : []),
  );
  if (!state) return;
  workbench.arrival.box();
  focusConflictSoon(workbench);
}

/**
 * Draw the lines above the panes.
 * @param {Workbench} workbench
 * @param {Entry | null} entry
 */
export function drawNotices(workbench, entry) {
  const { calls, notices } = workbench;
  calls.drawDiscussion();
  const lines = linesFor(workbench, entry);
  const state = JSON.stringify(lines.map(({ text, tone }) => [text, tone]));
  if (notices.dataset.state === state) return;
  notices.dataset.state = state;
  notices.replaceChildren(...lines.map(({ text, tone, action }) => notice(text, tone, action)));
}

/**
 * What the reviewer has to know about this chat and others.
 * @param {Workbench} workbench
 * @param {Entry | null} entry
 */
function linesFor(workbench, entry) {
  const { store, sync, calls } = workbench;
  /** @type {{text: string, tone: "bad" | "warn", action: Action | null}[]} */
  const lines = [];
  /** @type {(text: string, tone: "bad" | "warn", action?: Action | null) => void} */
  const add = (text, tone, action = null) => {
    lines.push({ text, tone, action });
  };
  if (store.error) add(store.error, "bad");
  if (!store.reviewer && store.session !== null) add("先填写审阅人的名字，才能编辑和确认。", "warn");
  const holder = entry?.chat.claimed_by;
  if (holder && holder !== store.reviewer)
    add(`${holder} 正在审阅这一条，或者接着就审到这里；同时保存会有冲突。`, "warn");
  for (const values of entry ? newCustomers(entry, store.form) : []) {
    const name = values[store.form.name_field] || "未填姓名";
    const take = { label: `加进来（${chordFor("add")}）`, run: () => calls.addFound(values) };
    add(`新的抽取任务里还有一位${store.form.subject}「${name}」`, "warn", take);
  }
  if (entry?.chat.run?.is_labels)
    add(`这一条从标注「${entry.chat.run.name}」改起：值是人给的，不是模型的；照着确认的记录不是独立审阅。`, "warn");
  if (entry?.chat.failed) add(`这一条抽取失败：${entry.chat.failed}`, "warn");
  if (entry?.rejected) add(`这一条没有保存：${entry.rejected}`, "bad");
  for (const chat of troubled(store).filter((other) => other !== store.current)) {
    const run = () => {
      show(store, chat);
      workbench.showChat();
      sync.reportPlace();
    };
    add(`第 ${chat} 条没有保存成：有冲突或被拒绝`, "bad", { label: "去处理", run });
  }
  if (!store.error && isAway(workbench) && !isSaidByPage()) add(AWAY, "warn");
  const elsewhere = store.reviewer ? reviewerElsewhere(store.reviewer) : "";
  if (elsewhere)
    add(`另一个标签页把审阅人改成了「${elsewhere}」：这一页仍以「${store.reviewer}」保存，刷新后改用新名字。`, "warn");
  const unsafe = "浏览器不让保存本地副本：没存上的修改在刷新后会丢失，请等到「已保存」再离开。";
  if (sync.isJournalBroken()) add(unsafe, "warn");
  return lines;
}

/**
 * The switch over the chat, and only the exchange with one customer where it is on.
 * @param {Workbench} workbench
 * @param {Entry} entry
 */
export function drawNarrow(workbench, entry) {
  const { panes, store } = workbench;
  const pane = panes.get(store.current);
  if (pane) drawHeadline(pane, chatAsFilled(entry, store.form), store.form);
  const name = entry.work[workbench.customer].values[store.form.name_field];
  const speakers = speakersOf(entry.chat, name, customerNames(entry, store.form));
  const state = JSON.stringify([workbench.isNarrow, speakers, name]);
  if (!pane || pane.narrowState === state) return;
  pane.narrowState = state;
  const shown = narrow(pane, workbench.isNarrow && speakers.length ? speakers : null);
  const isOn = workbench.isNarrow && speakers.length > 0;
  const word = isOn
    ? `只看与 ${name} 有关的 ${shown} 条（显示全部）`
    : `只看与 ${name || `本${store.form.subject}`} 有关`;
  setText(pane.narrowSwitch, word);
  setAttr(pane.narrowSwitch, "aria-pressed", String(workbench.isNarrow));
  setAttr(pane.narrowSwitch, "title", chordFor("narrow"));
  pane.narrowSwitch.disabled = !speakers.length;
}
