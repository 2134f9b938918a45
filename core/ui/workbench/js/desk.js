// The desk on screen: what is shown of the state, and which customer and field the reviewer is at.
import { drawGuide, drawLine } from "./about.js";
import { askNote, buildBottom, buildTop, drawTop, say } from "./bars.js";
import { narrow, updateResidue } from "./chat_view.js";
import { makeCourier } from "./courier.js";
import { newCustomers, speakersOf } from "./customers.js";
import { h, setAttr, setText, uuid } from "./dom.js";
import { buildForm, drawForm, flushEntries, focusField, markRow } from "./form_view.js";
import { rememberPlace } from "./frame.js";
import { chordFor } from "./keys.js";
import { isDelta } from "./model.js";
import { conflictRows, settleConflict } from "./outbox.js";
import { light, makePanes, paint } from "./panes.js";
import { buildBlank, buildConflict, buildHelp, notice } from "./sheets.js";
import { entryOf, makeStore, nextChat, receive, show, troubled } from "./state.js";

const IDLE_AFTER = 60;

/**
 * Build the desk into a host. `calls` are filled in by commands.js before anything can be clicked:
 * `run(id)`, `actions` of the form, `focusEvidence`, `wantResidue`, `find`, `discussWith`, `settle`, `setCursor`.
 */
export function makeDesk(host, calls) {
  const store = makeStore();
  const desk = {
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

  const courier = makeCourier(store, {
    emit: (name, value) => {
      if (root.isConnected) desk.component.setStateValue(name, value);
    },
    storage: window.localStorage,
    clock: Date.now,
    makeId: uuid,
    onChange: () => drawBars(),
  });
  const top = buildTop({
    onRetry: () => {
      courier.retry(true);
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
    { class: "desk", "data-testid": "workbench", "data-save-state": "saved", tabindex: "-1", lang: "zh-CN" },
    top.element,
    notices,
    h("div", { class: "panes" }, chatHost, formHost, blank.element),
    bottom.element,
    help.element,
  );
  desk.panes = makePanes(chatHost, (chat) => entryOf(store, chat), {
    onMark: (ids) => calls.focusEvidence(ids),
    onResidue: (chat) => calls.wantResidue(chat),
    onMessage: (i) => calls.setCursor(i),
    onNarrow: () => calls.run("narrow"),
  });
  host.append(root);

  /** Take what Python sent. */
  function take(component) {
    desk.component = component;
    const { data } = component;
    if (!data) return;
    if (store.session !== null && store.session !== data.session) courier.flushDrafts();
    const effects = receive(store, data, courier.restore);
    courier.settle(effects);
    if (JSON.stringify(desk.form?.form) !== JSON.stringify(data.form)) {
      desk.form = buildForm(data.form, calls.actions);
      formHost.replaceChildren(
        desk.form.head,
        conflictHost,
        desk.form.scroll,
        desk.form.about.element,
        desk.form.about.guide,
      );
    }
    if (effects.reset) desk.panes.dropAll();
    effects.replaced.forEach(desk.panes.drop);
    for (const chat of effects.merged) desk.panes.refresh(chat, desk.residueWanted === chat);
    settleEqualConflicts();
    if (effects.moved || desk.panes.front() !== store.current || effects.replaced.includes(store.current)) showChat();
    else draw();
    courier.reportPlace();
    prepareNext();
  }

  /** A conflict in which both sides say the same is none: save on top of it. */
  function settleEqualConflicts() {
    for (const entry of store.entries.values()) {
      if (!entry.conflict?.theirs || conflictRows(entry, store.form).length) continue;
      courier.save(entry, settleConflict(entry, store.form, new Set()));
    }
  }

  /** Show the current chat: its pane comes to the front, the form is redrawn in place. */
  function showChat() {
    const entry = entryOf(store);
    const isNew = desk.panes.front() !== store.current;
    if (isNew) {
      Object.assign(desk, { customer: 0, field: startField(entry), place: 0, foundAt: -1, isNarrow: false });
      calls.setCursor(null);
      calls.find("", 0);
      top.find.value = "";
    }
    if (store.current !== null) rememberPlace(store.current);
    const pane = desk.panes.show(store.current);
    draw();
    if (entry && desk.form && !isEditingOutside()) {
      if (desk.commandMode) root.focus({ preventScroll: true });
      else focusField(desk.form, desk.field);
      if (isNew) desk.form.scroll.scrollTop = 0;
    }
    if (pane) pane.shown = true;
    prepareNext();
  }

  /** The field that a chat opens at: the first one, under delta review the first that is asked about. */
  function startField(entry) {
    const first = desk.form?.form.fields[0].key ?? null;
    if (!entry || !desk.form || !isDelta(entry)) return first;
    return desk.form.form.fields.find(({ key }) => key in (entry.work[0].delta ?? {}))?.key ?? first;
  }

  function draw() {
    const entry = entryOf(store);
    if (entry && desk.form) {
      desk.customer = Math.min(desk.customer, entry.work.length - 1);
      drawForm(desk.form, entry, desk.customer, desk.field);
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
    const state = courier.state();
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
    const pane = desk.panes.get(store.current);
    const entry = entryOf(store);
    if (!pane || !entry || !desk.form) return;
    const customer = entry.work[desk.customer];
    paint(pane, entry, desk.customer, desk.form);
    desk.places = light(pane, customer, desk.field);
    desk.place = Math.min(desk.place, Math.max(0, desk.places.length - 1));
    markRow(desk.form, desk.field);
  }

  /** Another field has the focus: light its evidence, and tell about it. */
  function drawFocus() {
    const entry = entryOf(store);
    drawMarks();
    if (entry && desk.form) drawLine(desk.form.about, entry, desk.form.form, desk.customer, desk.field);
    drawRule();
  }

  /** The switch over the chat, and only the exchange with one customer where it is on. */
  function drawNarrow() {
    const pane = desk.panes.get(store.current);
    const entry = entryOf(store);
    const name = entry.work[desk.customer].values[store.form.name_field];
    const speakers = speakersOf(entry.chat, name);
    const state = JSON.stringify([desk.isNarrow, speakers, name]);
    if (!pane || pane.narrowState === state) return;
    pane.narrowState = state;
    const shown = narrow(pane, entry.chat, desk.isNarrow && speakers.length ? speakers : null);
    const word =
      desk.isNarrow && speakers.length
        ? `只看与 ${name} 有关的 ${shown} 条（显示全部）`
        : `只看与 ${name || "本客户"} 有关`;
    setText(pane.narrowSwitch, word);
    setAttr(pane.narrowSwitch, "aria-pressed", String(desk.isNarrow));
    setAttr(pane.narrowSwitch, "title", chordFor("narrow"));
    pane.narrowSwitch.disabled = !speakers.length;
  }

  /** The guideline beside the field in focus, while it is open. */
  function drawRule() {
    if (!desk.form) return;
    const part = desk.guideOpen && entryOf(store) ? desk.form.parts.get(desk.field) : null;
    drawGuide(desk.form.about, part?.field ?? null, store.guidelines[desk.field] ?? "", part?.row, formHost);
  }

  function drawConflict(entry) {
    const state = entry?.conflict ? `${store.current}:${entry.conflict.version}` : "";
    if (conflictHost.dataset.state === state) return;
    conflictHost.dataset.state = state;
    conflictHost.replaceChildren(...(entry?.conflict ? [buildConflict(entry, store.form, calls.settle)] : []));
  }

  function drawBlank(entry) {
    const isBlank = !(entry && desk.form);
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
          courier.reportPlace();
        },
      };
      lines.push([`第 ${chat} 条没有保存成：有冲突或被拒绝`, "bad", go]);
    }
    if (courier.isJournalBroken())
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
        if (root.isConnected) desk.panes.prepare(nextChat(store), desk.form);
      },
      { timeout: 300 },
    );
  }

  function toggleHelp(open) {
    help.element.hidden = !open;
    if (open) help.box.focus();
    else refocus();
  }

  /** Put the focus back into the field that the reviewer was at, or in command mode on the desk. */
  function refocus() {
    if (desk.commandMode) root.focus({ preventScroll: true });
    else if (desk.form && desk.field && entryOf(store)) focusField(desk.form, desk.field);
  }

  function setMode(on) {
    desk.commandMode = on;
    bottom.mode.hidden = !on;
    root.classList.toggle("command", on);
  }

  /** Show the letters of the fields while one is asked for; `holdLetters` while Alt and Shift are held. */
  function showLetters(on) {
    desk.lettersAsked = on;
    root.classList.toggle("letters", on);
  }

  function holdLetters(on) {
    root.classList.toggle("letters", on || desk.lettersAsked);
  }

  /** Leave the chat on screen: what was typed and not added counts; command mode stays. */
  function leave() {
    if (desk.form) flushEntries(desk.form);
    desk.residueWanted = null;
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
    const shell = desk.host.host ?? desk.host;
    if (!element || element === shell || shell.contains(element)) return false;
    return element.matches("input, textarea, select, [contenteditable]");
  }

  return Object.assign(desk, {
    root,
    top,
    bottom,
    help,
    courier,
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
      updateResidue(desk.panes.get(chat), entryOf(store, chat).chat, desk.residueWanted === chat),
  });
}
