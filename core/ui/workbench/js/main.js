// The desk: puts state, panes, bars and keys together. Streamlit calls the default export on every rerun.
import { askNote, buildBottom, buildTop, drawTop, say } from "./bars.js";
import { findRows, revealIn, updateResidue } from "./chat_view.js";
import { makeCourier } from "./courier.js";
import { h, reveal, setAttr, uuid } from "./dom.js";
import { buildForm, drawForm, flushEntries, focusField, markRow } from "./form_view.js";
import { light, makePanes, paint } from "./panes.js";
import { claimPage, fillViewport, markTheme } from "./frame.js";
import { commandOf, isComposing } from "./keys.js";
import { addCustomer, confirmField, confirmRest, confirmationOf, editField, firstDifference, markOf, nextUnseen,
         openWarnings, redo, removeCustomer, takeBack, undo } from "./model.js";
import { conflictRows, settleConflict } from "./outbox.js";
import { buildBlank, buildConflict, buildHelp, buildMenu, notice } from "./sheets.js";
import { entryOf, goNext, goPrevious, makeStore, nextChat, receive, show, troubled } from "./state.js";
import { ONE_BY_ONE, UNSEEN, isList, addItems } from "./values.js";

const IDLE_AFTER = 60;

function makeDesk(host) {
  const store = makeStore();
  let component = null;
  let form = null;
  let customer = 0; // the customer on screen
  let field = null; // key of the field in focus, or last in focus
  let commandMode = false;
  let residueWanted = null;
  let places = []; // evidence of the field in focus, and where we are in it
  let place = 0;
  let foundAt = -1;
  let lastActive = Date.now();

  const courier = makeCourier(store, {
    emit: (name, value) => component.setStateValue(name, value),
    storage: window.localStorage, clock: Date.now, makeId: uuid, onChange: () => drawBars(),
  });
  const top = buildTop({ onRetry: () => { courier.retry(true); say(bottom, "正在重新发送…", { seconds: 3 }); }, onFind: find });
  const bottom = buildBottom({ run, onNote: discussWith });
  const notices = h("div", { class: "notices" });
  const chatHost = h("section", { class: "chat", "aria-label": "群聊" });
  const panes = makePanes(chatHost, (chat) => entryOf(store, chat), { onMark: focusEvidence, onResidue: wantResidue });
  const formHost = h("section", { class: "form", "aria-label": "表单" });
  const conflictHost = h("div", {});
  const blank = buildBlank();
  blank.back.addEventListener("click", () => run("previous"));
  const help = buildHelp(() => toggleHelp(false));
  const root = h("div", { class: "desk", "data-testid": "workbench", "data-save-state": "saved", tabindex: "-1", lang: "zh-CN" },
                 top.element, notices, h("main", { class: "panes" }, chatHost, formHost, blank.element), bottom.element, help.element);
  host.append(root);
  const page = host.host ?? host;
  const releasePage = claimPage(page);
  const stopFitting = fillViewport(page, root);

  // ---- what came from Python -------------------------------------------------------------------------------------
  function take(next) {
    component = next;
    markTheme(root);
    const { data } = next;
    if (!data) return;
    if (store.session !== null && store.session !== data.session) courier.flushDrafts();
    const effects = receive(store, data, courier.restore);
    courier.settle(effects);
    if (form?.form !== data.form && JSON.stringify(form?.form) !== JSON.stringify(data.form)) {
      form = buildForm(data.form, actions);
      formHost.replaceChildren(form.element.firstChild, conflictHost, form.scroll);
    }
    if (effects.reset) panes.dropAll();
    effects.replaced.forEach(panes.drop);
    for (const chat of effects.merged) panes.refresh(chat, residueWanted === chat);
    settleEqualConflicts();
    if (effects.moved || panes.front() !== store.current || effects.replaced.includes(store.current)) showChat();
    else draw();
    courier.reportPlace();
  }

  /** A conflict in which both sides say the same is none: save on top of it. */
  function settleEqualConflicts() {
    for (const entry of store.entries.values()) {
      if (!entry.conflict?.theirs || conflictRows(entry, store.form).length) continue;
      const { status } = entry.conflict;
      settleConflict(entry, store.form, new Set());
      courier.save(entry, status);
    }
  }

  // ---- drawing ---------------------------------------------------------------------------------------------------
  /** Show the current chat: its pane comes to the front, the form is redrawn in place. */
  function showChat() {
    const entry = entryOf(store);
    if (panes.front() !== store.current) {
      customer = 0;
      field = form?.form.fields[0].key ?? null;
      place = 0;
      foundAt = -1;
      top.find.value = "";
    }
    const pane = panes.show(store.current);
    draw();
    if (entry && form && !outsideEditing()) {
      focusField(form, field);
      if (!pane.shown) form.scroll.scrollTop = 0;
    }
    if (pane) pane.shown = true;
    prepareNext();
  }

  function draw() {
    const entry = entryOf(store);
    if (entry && form) {
      customer = Math.min(customer, entry.work.length - 1);
      drawForm(form, entry, customer);
      drawMarks(entry);
    }
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
    bottom.decisions.forEach((button) => { button.disabled = locked; });
    formHost.inert = locked;
  }

  /** Colour the evidence of the customer on screen, and light that of the field in focus. */
  function drawMarks(entry) {
    const pane = panes.get(store.current);
    if (!pane || !form) return;
    const now = entry.work[customer];
    paint(pane, now, form);
    places = light(pane, now, field);
    place = Math.min(place, Math.max(0, places.length - 1));
  }

  function drawConflict(entry) {
    const state = entry?.conflict ? `${store.current}:${entry.conflict.version}` : "";
    if (conflictHost.dataset.state === state) return;
    conflictHost.dataset.state = state;
    conflictHost.replaceChildren(...(entry?.conflict ? [buildConflict(entry, store.form, settle)] : []));
  }

  function drawBlank(entry) {
    blank.element.hidden = Boolean(entry && form);
    chatHost.hidden = formHost.hidden = !blank.element.hidden;
    const atEnd = store.waiting === "end";
    blank.skeleton.hidden = atEnd;
    blank.title.textContent = atEnd ? "这一队列审阅完了" : "正在取下一条…";
    blank.text.textContent = atEnd ? "可以回头看上一条，或者换一个数据集、筛选继续。" : "";
    blank.back.hidden = !store.visited.length;
    if (blank.element.contains(root.getRootNode().activeElement) === false && !entry) root.focus({ preventScroll: true });
  }

  function drawNotices(entry) {
    const lines = [];
    if (store.error) lines.push([store.error, "bad", null]);
    if (!store.reviewer && store.form) lines.push(["先填写审阅人的名字，才能编辑和确认。", "warn", null]);
    if (entry?.chat.claimed_by && entry.chat.claimed_by !== store.reviewer) lines.push([`${entry.chat.claimed_by} 正在审阅这一条，你的保存可能会有冲突。`, "warn", null]);
    if (entry?.chat.failed) lines.push([`模型没有给出这一条的结果：${entry.chat.failed}`, "warn", null]);
    if (entry?.rejected) lines.push([`这一条没有保存：${entry.rejected}`, "bad", null]);
    for (const chat of troubled(store).filter((other) => other !== store.current)) {
      lines.push([`第 ${chat} 条没有保存成：有冲突或被拒绝`, "bad", { label: "去处理", run: () => { show(store, chat); showChat(); courier.reportPlace(); } }]);
    }
    if (courier.isJournalBroken()) lines.push(["浏览器不让保存本地副本：没存上的修改在刷新后会丢失，请等到「已保存」再离开。", "warn", null]);
    const state = JSON.stringify(lines.map((line) => line.slice(0, 2)));
    if (notices.dataset.state === state) return;
    notices.dataset.state = state;
    notices.replaceChildren(...lines.map((line) => notice(...line)));
  }

  /** Lay out the next chat behind the current one while nothing else is to do. */
  function prepareNext() {
    (window.requestIdleCallback ?? setTimeout)(() => {
      panes.prepare(nextChat(store), form);
    }, { timeout: 300 });
  }

  // ---- what the reviewer does ------------------------------------------------------------------------------------
  function change(work) {
    const entry = entryOf(store);
    if (!entry || !store.reviewer) return;
    const before = entry.work;
    work(entry);
    if (entry.work === before) return;
    active();
    courier.touch(entry);
    draw();
  }

  const actions = {
    edit: (key, value, typed) => change((entry) => {
      if (JSON.stringify(entry.work[customer].values[key] ?? "") !== JSON.stringify(value)) editField(entry, customer, key, value, Date.now(), typed);
    }),
    advance(key, step) {
      change((entry) => confirmField(entry, customer, key, Date.now()));
      const at = store.form.fields.findIndex((other) => other.key === key) + step;
      const entry = entryOf(store);
      if (at < store.form.fields.length && at >= 0) focusField(form, store.form.fields[at].key);
      else if (step > 0 && customer + 1 < entry.work.length) switchTo(customer + 1);
      else if (step > 0) say(bottom, "这是最后一个字段：Ctrl+Enter 确认并下一条", { seconds: 4 });
    },
    focus(key) {
      setMode(false);
      if (field !== key) place = 0;
      field = key;
      markRow(form, key);
      const entry = entryOf(store);
      if (!entry) return;
      drawMarks(entry);
      if (places.length && panes.get(store.current)?.shown) revealIn(panes.get(store.current), places[place]);
    },
    blur() { /* the row stays marked: the field stays the one that commands act on */ },
    toggleConfirm: (key) => change((entry) => {
      const isOne = confirmationOf(entry.work[customer], key) === ONE_BY_ONE;
      confirmField(entry, customer, key, Date.now(), isOne ? UNSEEN : ONE_BY_ONE);
    }),
    takeBack: (key) => { change((entry) => takeBack(entry, customer, key, Date.now())); focusField(form, key); },
    tab: (i) => switchTo(i),
    addCustomer: (anchor) => add(anchor),
    removeCustomer: (i) => remove(i),
  };

  function switchTo(i) {
    const entry = entryOf(store);
    if (!entry || i < 0 || i >= entry.work.length) return;
    flushEntries(form);
    customer = i;
    place = 0;
    draw();
    focusField(form, field ?? store.form.fields[0].key);
  }

  function add(anchor = form.tabs.lastElementChild) {
    const entry = entryOf(store);
    const taken = new Set(entry.work.map((one) => one.values[store.form.name_field]));
    const names = entry.chat.speakers.filter((s) => s.role === "客户" && !taken.has(s.name)).map((s) => s.name).slice(0, 8);
    const pick = (name) => {
      flushEntries(form);
      change((now) => { customer = addCustomer(now, store.form, name, Date.now()); });
      focusField(form, store.form.fields[0].key);
    };
    if (!names.length) { pick(""); return; }
    const menu = buildMenu(names, (name) => { menu.element.remove(); pick(name); }, () => menu.element.remove());
    anchor.after(menu.element);
    menu.focus();
  }

  function remove(i = customer) {
    const name = entryOf(store).work[i].values[store.form.name_field] || `客户 ${i + 1}`;
    change((entry) => removeCustomer(entry, store.form, i, Date.now()));
    customer = Math.max(0, Math.min(customer, entryOf(store).work.length - 1));
    draw();
    focusField(form, store.form.fields[0].key);
    say(bottom, `已删除「${name}」`, { action: { label: "撤销（Ctrl+Z）", run: () => run("undo") }, seconds: 15 });
  }

  function step(move, word) {
    const entry = entryOf(store);
    const before = entry?.work;
    if (!entry || !move(entry)) { say(bottom, `没有可${word}的修改`, { seconds: 3 }); return; }
    const where = firstDifference(before, entry.work, store.form);
    courier.touch(entry);
    if (where) customer = where.index;
    draw();
    if (where) focusField(form, where.key);
    say(bottom, "");
  }

  /** Decide on the chat and move on; an open warning takes the first approval. */
  function decide(status, note) {
    const entry = entryOf(store);
    if (!entry || !store.reviewer) return;
    flushEntries(form);
    if (entry.conflict) { say(bottom, "先选好冲突里要留下的值", { tone: "warn" }); return; }
    if (status === "已确认") {
      const [warning] = entry.gate ? [] : openWarnings(entry, store.form);
      if (warning) {
        entry.gate = true;
        if (warning.index !== customer) switchTo(warning.index);
        focusField(form, warning.key);
        say(bottom, `${warning.text}。改好，或再按一次 Ctrl+Enter 照样确认`, { tone: "warn", seconds: 0 });
        return;
      }
      confirmRest(entry, store.form, Date.now());
    }
    active();
    courier.save(entry, status, note);
    say(bottom, "");
    leave();
    goNext(store);
    showChat();
  }

  function discussWith(note) {
    askNote(bottom, false);
    if (note === null) { if (form && field) focusField(form, field); } else decide("待讨论", note);
  }

  function settle(taken) {
    const entry = entryOf(store);
    const { status } = entry.conflict;
    settleConflict(entry, store.form, taken);
    courier.save(entry, status);
    say(bottom, "已按所选保存", { seconds: 4 });
    draw();
    focusField(form, field ?? store.form.fields[0].key);
  }

  function leave() {
    if (form) flushEntries(form);
    residueWanted = null;
    setMode(false);
    askNote(bottom, false);
  }

  function move(forward) {
    leave();
    courier.flushDrafts();
    say(bottom, "");
    if (forward) goNext(store);
    else if (!goPrevious(store)) { say(bottom, "前面没有了", { seconds: 3 }); return; }
    showChat();
    courier.reportPlace();
  }

  function wantResidue(chat) {
    residueWanted = residueWanted === chat ? null : chat;
    updateResidue(panes.get(chat), entryOf(store, chat).chat, residueWanted === chat);
    component.setStateValue("want_residue", residueWanted);
  }

  /** A click on a highlight: the field it speaks for gains the focus; again, the next one that it speaks for. */
  function focusEvidence(ids) {
    const now = entryOf(store).work[customer];
    const keys = store.form.fields.map((f) => f.key).filter((key) => markOf(now, key)?.evidence.some((id) => ids.includes(id)));
    if (keys.length) focusField(form, keys[(keys.indexOf(field) + 1) % keys.length]);
  }

  function visit(stepBy) {
    if (!places.length) { say(bottom, "这个字段在群聊里没有依据", { seconds: 3 }); return; }
    place = (place + stepBy + places.length) % places.length;
    revealIn(panes.get(store.current), places[place]);
    say(bottom, `依据 ${place + 1} / ${places.length}`, { seconds: 3 });
  }

  function find(text, stepBy) {
    const entry = entryOf(store);
    const pane = panes.get(store.current);
    if (!entry || !pane) return;
    const rows = findRows(entry.chat, pane, text);
    for (const row of pane.rows.values()) row.classList.remove("found");
    foundAt = rows.length ? (stepBy === 0 ? 0 : (foundAt + stepBy + rows.length) % rows.length) : -1;
    rows.forEach((row) => row.classList.add("found"));
    if (foundAt >= 0) revealIn(pane, rows[foundAt]);
    top.found.textContent = text.trim() ? `${foundAt + 1} / ${rows.length}` : "";
  }

  function fillFromSelection() {
    const text = String((host.getSelection?.() ?? getSelection()) || "").trim();
    if (!text || !field) { say(bottom, "先在群聊里选中文字，再按 Alt+I 填入上次所在的字段", { seconds: 5 }); return; }
    const one = store.form.fields.find((f) => f.key === field);
    change((entry) => {
      const value = entry.work[customer].values[field];
      editField(entry, customer, field, isList(one) ? addItems(value, text) : text.replace(/\s+/g, " "), Date.now());
    });
    focusField(form, field);
  }

  // ---- keys ------------------------------------------------------------------------------------------------------
  function run(id, number) {
    active();
    const entry = entryOf(store);
    const needsChat = { confirm: 1, empties: 1, takeBack: 1, unseen: 1, add: 1, remove: 1, fill: 1, discuss: 1 };
    if (needsChat[id] && (!entry || !store.reviewer)) return;
    if (id === "approve") decide("已确认");
    else if (id === "skip") decide("已跳过");
    else if (id === "discuss") askNote(bottom, true, entry.note);
    else if (id === "next") move(true);
    else if (id === "previous") move(false);
    else if (id === "empties") change((now) => confirmRest(now, store.form, Date.now(), customer));
    else if (id === "confirm") change((now) => confirmField(now, customer, field, Date.now()));
    else if (id === "takeBack") change((now) => takeBack(now, customer, field, Date.now()));
    else if (id === "fill") fillFromSelection();
    else if (id === "undo") step(undo, "撤销");
    else if (id === "redo") step(redo, "重做");
    else if (id === "add") add();
    else if (id === "remove") remove();
    else if (id === "customer") switchTo(number - 1);
    else if (id === "evidence") visit(1);
    else if (id === "evidenceBack") visit(-1);
    else if (id === "search") { top.find.focus(); top.find.select(); }
    else if (id === "help") toggleHelp(help.element.hidden);
    else if (id === "unseen") {
      const where = nextUnseen(entry, store.form, customer, field);
      if (!where) { say(bottom, "这一条都看过了", { seconds: 3 }); return; }
      if (where.index !== customer) switchTo(where.index);
      focusField(form, where.key);
    }
  }

  function toggleHelp(open) {
    help.element.hidden = !open;
    if (open) help.box.focus();
    else if (form && field && entryOf(store)) focusField(form, field);
  }

  function setMode(on) {
    commandMode = on;
    bottom.mode.hidden = !on;
    root.classList.toggle("command", on);
  }

  function outsideEditing() {
    const element = document.activeElement;
    return Boolean(element && element !== document.body && !element.contains(page) && element !== page && element.matches("input, textarea, select, [contenteditable]"));
  }

  function onKey(event) {
    if (!root.isConnected || isComposing(event)) return;
    const inside = event.composedPath().includes(root);
    if (!inside && outsideEditing()) return;
    if (!help.element.hidden) {
      if (event.key === "Escape" || event.key === "?" ) { toggleHelp(false); swallow(event); }
      return;
    }
    if (bottom.noteOpen && event.composedPath()[0] === bottom.input && event.key !== "Enter") return;
    if (event.key === "Escape" && !event.composedPath().some((node) => node.classList?.contains("menu"))) {
      const toField = commandMode && form && field;
      setMode(!commandMode);
      if (toField) focusField(form, field);
      else root.focus({ preventScroll: true });
      if (top.find.value) { top.find.value = ""; find("", 0); }
      swallow(event);
      return;
    }
    const command = commandOf(event, commandMode);
    if (command) {
      if (!event.repeat || ["next", "previous", "undo", "redo", "unseen"].includes(command.id)) run(command.id, command.number);
      if (commandMode) swallow(event);
      else event.preventDefault();
    } else if (commandMode && event.key.length === 1) swallow(event); // C and R are Streamlit's own
  }

  function swallow(event) {
    event.preventDefault();
    event.stopPropagation();
  }

  /** Count seconds of work on the chat; pauses longer than a minute are not work. */
  function active() {
    const now = Date.now();
    const entry = entryOf(store);
    if (entry) entry.seconds += Math.min((now - lastActive) / 1000, IDLE_AFTER);
    lastActive = now;
  }

  function onLeave(event) {
    if (form) flushEntries(form);
    if (courier.hasWork()) event.preventDefault();
  }

  window.addEventListener("keydown", onKey, true);
  window.addEventListener("beforeunload", onLeave);
  const clock = setInterval(() => {
    courier.retry();
    drawBars();
  }, 1000);

  function close() {
    if (form) flushEntries(form);
    clearInterval(clock);
    courier.stop();
    window.removeEventListener("keydown", onKey, true);
    window.removeEventListener("beforeunload", onLeave);
    stopFitting();
    releasePage();
    root.remove();
  }

  return { take, close };
}

const desks = new WeakMap();

export default function workbench(component) {
  const { parentElement } = component;
  if (!desks.has(parentElement)) desks.set(parentElement, makeDesk(parentElement));
  const desk = desks.get(parentElement);
  desk.take(component);
  return () => {
    desk.close();
    desks.delete(parentElement);
  };
}
