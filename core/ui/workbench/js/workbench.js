// The workbench on screen: what is shown of the state, and which customer and field the reviewer is at.

import { askNote, buildBottom, buildTop, drawTop, say } from "./bars.js";
import { narrow, updateResidue } from "./chat_view.js";
import { newCustomers, speakersOf } from "./customers.js";
import { h, setAttr, setText, uuid } from "./dom.js";
import { drawGuide, drawLine } from "./field_footer.js";
import { buildForm, drawForm, flushEntries, focusField, markRow } from "./form_view.js";
import { rememberPlace } from "./frame.js";
import { chordFor } from "./keys.js";
import { isDelta } from "./model.js";
import { conflictRows, settleConflict } from "./outbox.js";
import { buildBlank, buildConflict, buildHelp, notice } from "./overlays.js";
import { light, makePanes, paint } from "./panes.js";
import { entryOf, makeStore, nextChat, receive, show, troubled } from "./state.js";
import { makeSync } from "./sync.js";

const IDLE_AFTER = 60;

/**
 * Build the workbench into a host. `calls` are filled in by commands.js before anything can be clicked:
 * `run(id)`, `actions` of the form, `focusEvidence`, `wantResidue`, `find`, `discussWith`, `settle`, `setCursor`.
 */
export function makeWorkbench(host, calls) {
  const store = makeStore();
  const workbench = {
    host,
    store,
    calls,
    component: null,
    form: null,
    panes: null,
    customer: 0,
    field: null, // the customer on screen; the field in focus, or last in focus
    places: [],
    place: 0, // evidence of that field, and where we are in it
    message: null,
    picked: "", // the message under the cursor, and the words picked in it
    hits: [],
    foundAt: -1, // where the searched words stand, and where we are among them
    decisions: [], // chats decided on here, oldest first: what undo goes back to
    isNarrow: false,
    guideOpen: false,
    commandMode: false,
    lettersAsked: false,
    residueWanted: null,
  };
  let lastActive = Date.now();

  const sync = makeSync(store, {
    emit: (name, value) => {
      if (root.isConnected) workbench.component.setStateValue(name, value);
    },
    storage: window.localStorage,
    clock: Date.now,
    makeId: uuid,
    onChange: () => drawBars(),
  });
  const top = buildTop({
    onRetry: () => {
      sync.retry(true);
      say(bottom, "正在重新发送…", { seconds: 3 });
    },
    onFind: (text, step) => calls.find(text, step),
    onType: () => setMode(false),
  });
  const bottom = buildBottom({ run: (id) => calls.run(id), onNote: (text) => calls.discussWith(text) });
  const notices = h("div", { class: "notices" });
  const chatHost = h("section", { class: "chat", "aria-label": "群聊" });
  const formHost = h("section", { class: "form", "aria-label": "表单" });
  const conflictHost = h("div", {});
  const blank = buildBlank(() => calls.run("previous"));
  const help = buildHelp(() => toggleHelp(false));
  const root = h(
    "div",
    { class: "workbench", "data-testid": "workbench", "data-save-state": "saved", tabindex: "-1", lang: "zh-CN" },
    top.element,
    notices,
    h("div", { class: "panes" }, chatHost, formHost, blank.element),
    bottom.element,
    help.element,
  );
  workbench.panes = makePanes(chatHost, (chat) => entryOf(store, chat), {
    onMark: (ids) => calls.focusEvidence(ids),
    onResidue: (chat) => calls.wantResidue(chat),
    onMessage: (i) => calls.setCursor(i),
    onNarrow: () => calls.run("narrow"),
  });
  host.append(root);

  /** Take what Python sent. */
  function take(component) {
    workbench.component = component;
    const { data } = component;
    if (!data) return;
    if (store.session !== null && store.session !== data.session) sync.flushDrafts();
    const effects = receive(store, data, sync.restore);
    sync.settle(effects);
    if (JSON.stringify(workbench.form?.form) !== JSON.stringify(data.form)) {
      workbench.form = buildForm(data.form, calls.actions);
      formHost.replaceChildren(
        workbench.form.head,
        conflictHost,
        workbench.form.scroll,
        workbench.form.footer.element,
        workbench.form.footer.guide,
      );
    }
    if (effects.reset) workbench.panes.dropAll();
    effects.replaced.forEach(workbench.panes.drop);
    for (const chat of effects.merged) workbench.panes.refresh(chat, workbench.residueWanted === chat);
    settleEqualConflicts();
    if (effects.moved || workbench.panes.front() !== store.current || effects.replaced.includes(store.current))
      showChat();
    else draw();
    sync.reportPlace();
    prepareNext();
  }

  /** A conflict in which both sides say the same is none: save on top of it. */
  function settleEqualConflicts() {
    for (const entry of store.entries.values()) {
      if (!entry.conflict?.theirs || conflictRows(entry, store.form).length) continue;
      sync.save(entry, settleConflict(entry, store.form, new Set()));
    }
  }

  /** Show the current chat: its pane comes to the front, the form is redrawn in place. */
  function showChat() {
    const entry = entryOf(store);
    const isNew = workbench.panes.front() !== store.current;
    if (isNew) {
      Object.assign(workbench, { customer: 0, field: startField(entry), place: 0, foundAt: -1, isNarrow: false });
      calls.setCursor(null);
      calls.find("", 0);
      top.find.value = "";
    }
    if (store.current !== null) rememberPlace(store.current);
    const pane = workbench.panes.show(store.current);
    draw();
    if (entry && workbench.form && !isEditingOutside()) {
      if (workbench.commandMode) root.focus({ preventScroll: true });
      else focusField(workbench.form, workbench.field);
      if (isNew) workbench.form.scroll.scrollTop = 0;
    }
    if (pane) pane.shown = true;
    prepareNext();
  }

  /** The field that a chat opens at: the first one, under delta review the first that is asked about. */
  function startField(entry) {
    const first = workbench.form?.form.fields[0].key ?? null;
    if (!entry || !workbench.form || !isDelta(entry)) return first;
    return workbench.form.form.fields.find(({ key }) => key in (entry.work[0].delta ?? {}))?.key ?? first;
  }

  function draw() {
    const entry = entryOf(store);
    if (entry && workbench.form) {
      workbench.customer = Math.min(workbench.customer, entry.work.length - 1);
      drawForm(workbench.form, entry, workbench.customer, workbench.field);
      drawMarks();
      drawNarrow();
    }
    drawRule();
    drawConflict(entry);
    drawBlank(entry);
    drawNotices(entry);
    drawBars();
  }

  function drawBars() {
    const entry = entryOf(store);
    const state = sync.state();
    drawTop(top, store, entry, state);
    setAttr(root, "data-save-state", state);
    setAttr(root, "data-chat", store.current ?? "");
    const locked = !store.reviewer || !entry;
    bottom.decisions.forEach((button) => {
      button.disabled = locked;
    });
    formHost.inert = locked;
  }

  /** Colour the evidence of the customer on screen, and light that of the field in focus. */
  function drawMarks() {
    const pane = workbench.panes.get(store.current);
    const entry = entryOf(store);
    if (!pane || !entry || !workbench.form) return;
    const customer = entry.work[workbench.customer];
    paint(pane, entry, workbench.customer, workbench.form);
    workbench.places = light(pane, customer, workbench.field);
    workbench.place = Math.min(workbench.place, Math.max(0, workbench.places.length - 1));
    markRow(workbench.form, workbench.field);
  }

  /** Another field has the focus: light its evidence, and tell about it. */
  function drawFocus() {
    const entry = entryOf(store);
    drawMarks();
    if (entry && workbench.form)
      drawLine(workbench.form.footer, entry, workbench.form.form, workbench.customer, workbench.field);
    drawRule();
  }

  /** The switch over the chat, and only the exchange with one customer where it is on. */
  function drawNarrow() {
    const pane = workbench.panes.get(store.current);
    const entry = entryOf(store);
    const name = entry.work[workbench.customer].values[store.form.name_field];
    const speakers = speakersOf(entry.chat, name);
    const state = JSON.stringify([workbench.isNarrow, speakers, name]);
    if (!pane || pane.narrowState === state) return;
    pane.narrowState = state;
    const shown = narrow(pane, entry.chat, workbench.isNarrow && speakers.length ? speakers : null);
    const word =
      workbench.isNarrow && speakers.length
        ? `只看与 ${name} 有关的 ${shown} 条（显示全部）`
        : `只看与 ${name || "本客户"} 有关`;
    setText(pane.narrowSwitch, word);
    setAttr(pane.narrowSwitch, "aria-pressed", String(workbench.isNarrow));
    setAttr(pane.narrowSwitch, "title", chordFor("narrow"));
    pane.narrowSwitch.disabled = !speakers.length;
  }

  /** The guideline beside the field in focus, while it is open. */
  function drawRule() {
    if (!workbench.form) return;
    const part = workbench.guideOpen && entryOf(store) ? workbench.form.parts.get(workbench.field) : null;
    drawGuide(workbench.form.footer, part?.field ?? null, store.guidelines[workbench.field] ?? "", part?.row, formHost);
  }

  function drawConflict(entry) {
    const state = entry?.conflict ? `${store.current}:${entry.conflict.version}` : "";
    if (conflictHost.dataset.state === state) return;
    conflictHost.dataset.state = state;
    conflictHost.replaceChildren(...(entry?.conflict ? [buildConflict(entry, store.form, calls.settle)] : []));
  }

  function drawBlank(entry) {
    const isBlank = !(entry && workbench.form);
    blank.element.hidden = !isBlank;
    chatHost.hidden = formHost.hidden = isBlank;
    if (!isBlank) return;
    const atEnd = store.waiting === "end";
    blank.skeleton.hidden = atEnd;
    blank.title.textContent = atEnd ? "这一队列审阅完了" : "正在取下一条…";
    blank.text.textContent = atEnd ? "可以回头看上一条，或者在上面换一个筛选、数据集继续。" : "";
    blank.back.hidden = !store.visited.length;
    if (!isEditingOutside()) root.focus({ preventScroll: true });
  }

  function drawNotices(entry) {
    const lines = [];
    if (store.error) lines.push([store.error, "bad", null]);
    if (!store.reviewer && store.form) lines.push(["先填写审阅人的名字，才能编辑和确认。", "warn", null]);
    const holder = entry?.chat.claimed_by;
    if (holder && holder !== store.reviewer) lines.push([`${holder} 正在审阅这一条，同时保存会有冲突。`, "warn", null]);
    for (const values of entry && store.form ? newCustomers(entry, store.form) : []) {
      const name = values[store.form.name_field] || "未填姓名";
      lines.push([
        `新结果里还有一位客户「${name}」`,
        "warn",
        { label: `加进来（${chordFor("add")}）`, run: () => calls.addFound(values) },
      ]);
    }
    if (entry?.chat.failed) lines.push([`模型没有给出这一条的结果：${entry.chat.failed}`, "warn", null]);
    if (entry?.rejected) lines.push([`这一条没有保存：${entry.rejected}`, "bad", null]);
    for (const chat of troubled(store).filter((other) => other !== store.current)) {
      const go = {
        label: "去处理",
        run: () => {
          show(store, chat);
          showChat();
          sync.reportPlace();
        },
      };
      lines.push([`第 ${chat} 条没有保存成：有冲突或被拒绝`, "bad", go]);
    }
    if (sync.isJournalBroken())
      lines.push(["浏览器不让保存本地副本：没存上的修改在刷新后会丢失，请等到「已保存」再离开。", "warn", null]);
    const state = JSON.stringify(lines.map((line) => line.slice(0, 2)));
    if (notices.dataset.state === state) return;
    notices.dataset.state = state;
    notices.replaceChildren(...lines.map((line) => notice(...line)));
  }

  /** Lay out the next chat behind the current one while nothing else is to do. */
  function prepareNext() {
    (window.requestIdleCallback ?? setTimeout)(
      () => {
        if (root.isConnected) workbench.panes.prepare(nextChat(store), workbench.form);
      },
      { timeout: 300 },
    );
  }

  function toggleHelp(open) {
    help.element.hidden = !open;
    if (open) help.box.focus();
    else refocus();
  }

  /** Put the focus back into the field that the reviewer was at, or in command mode on the workbench. */
  function refocus() {
    if (workbench.commandMode) root.focus({ preventScroll: true });
    else if (workbench.form && workbench.field && entryOf(store)) focusField(workbench.form, workbench.field);
  }

  function setMode(on) {
    workbench.commandMode = on;
    bottom.mode.hidden = !on;
    root.classList.toggle("command", on);
  }

  /** Show the letters of the fields while one is asked for; `holdLetters` while Alt and Shift are held. */
  function showLetters(on) {
    workbench.lettersAsked = on;
    root.classList.toggle("letters", on);
  }

  function holdLetters(on) {
    root.classList.toggle("letters", on || workbench.lettersAsked);
  }

  /** Leave the chat on screen: what was typed and not added counts; command mode stays. */
  function leave() {
    if (workbench.form) flushEntries(workbench.form);
    workbench.residueWanted = null;
    askNote(bottom, false);
    say(bottom, "");
  }

  /** Count seconds of work on the chat; pauses longer than a minute are not work. */
  function active() {
    const now = Date.now();
    const entry = entryOf(store);
    if (entry) entry.seconds += Math.min((now - lastActive) / 1000, IDLE_AFTER);
    lastActive = now;
  }

  /** Whether somebody types into a widget of the page that is not ours. */
  function isEditingOutside() {
    const element = document.activeElement;
    const shell = workbench.host.host ?? workbench.host;
    if (!element || element === shell || shell.contains(element)) return false;
    return element.matches("input, textarea, select, [contenteditable]");
  }

  return Object.assign(workbench, {
    root,
    top,
    bottom,
    help,
    sync,
    take,
    draw,
    drawBars,
    drawFocus,
    showChat,
    toggleHelp,
    refocus,
    setMode,
    showLetters,
    holdLetters,
    leave,
    active,
    isEditingOutside,
    say: (text, options) => say(bottom, text, options),
    redrawResidue: (chat) =>
      updateResidue(workbench.panes.get(chat), entryOf(store, chat).chat, workbench.residueWanted === chat),
  });
}
