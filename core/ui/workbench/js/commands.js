// What the reviewer can do: edits, decisions, moves. Every key and button ends up here.
import { askNote } from "./bars.js";
import { findRows, revealIn } from "./chat_view.js";
import { flushEntries, focusField } from "./form_view.js";
import { addCustomer, confirmField, confirmRest, confirmationOf, editField, firstDifference, markOf, nextUnseen, openWarnings,
         redo, removeCustomer, takeBack, undo } from "./model.js";
import { settleConflict } from "./outbox.js";
import { buildMenu } from "./sheets.js";
import { entryOf, goNext, goPrevious } from "./state.js";
import { ONE_BY_ONE, UNSEEN, addItems, isList } from "./values.js";

const NEEDS_A_CHAT = new Set(["confirm", "empties", "takeBack", "unseen", "add", "remove", "fill", "discuss", "undo", "redo"]);

/** Fill `desk.calls` with everything that can be asked for. */
export function addCommands(desk) {
  const { store } = desk;
  const entryNow = () => entryOf(store);

  /** Change the chat on screen: journal first, then redraw. */
  function change(work) {
    const entry = entryNow();
    if (!entry || !store.reviewer) return;
    const before = entry.work;
    work(entry);
    if (entry.work === before) return;
    desk.active();
    desk.courier.touch(entry);
    desk.draw();
  }

  function edit(key, value, typed) {
    change((entry) => {
      if (JSON.stringify(entry.work[desk.customer].values[key] ?? "") === JSON.stringify(value)) return;
      editField(entry, desk.customer, key, value, Date.now(), typed);
    });
  }

  /** Confirm a field and go to the one after it (or before); after the last, to the next customer. */
  function advance(key, step) {
    change((entry) => confirmField(entry, desk.customer, key, Date.now()));
    const { fields } = store.form;
    const at = fields.findIndex((other) => other.key === key) + step;
    if (at >= 0 && at < fields.length) focusField(desk.form, fields[at].key);
    else if (step > 0 && desk.customer + 1 < entryNow().work.length) switchTo(desk.customer + 1, fields[0].key);
    else if (step > 0) desk.say("这是最后一个字段：Ctrl+Enter 确认并下一条", { seconds: 4 });
  }

  function onFocus(key) {
    desk.setMode(false);
    if (desk.field !== key) desk.place = 0;
    desk.field = key;
    desk.drawMarks();
    const pane = desk.panes.get(store.current);
    if (desk.places.length && pane?.shown) revealIn(pane, desk.places[desk.place]);
  }

  function toggleConfirm(key) {
    change((entry) => {
      const isOne = confirmationOf(entry.work[desk.customer], key) === ONE_BY_ONE;
      confirmField(entry, desk.customer, key, Date.now(), isOne ? UNSEEN : ONE_BY_ONE);
    });
  }

  function restoreModel(key) {
    change((entry) => takeBack(entry, desk.customer, key, Date.now()));
    focusField(desk.form, key);
  }

  function switchTo(index, key = desk.field) {
    const entry = entryNow();
    if (!entry || index < 0 || index >= entry.work.length) return;
    flushEntries(desk.form);
    desk.customer = index;
    desk.place = 0;
    desk.draw();
    focusField(desk.form, key);
  }

  function add(anchor = desk.form.add) {
    const taken = new Set(entryNow().work.map((one) => one.values[store.form.name_field]));
    const names = entryNow().chat.speakers.filter((s) => s.role === "客户" && !taken.has(s.name)).map((s) => s.name).slice(0, 8);
    const pick = (name) => {
      flushEntries(desk.form);
      change((entry) => { desk.customer = addCustomer(entry, store.form, name, Date.now()); });
      focusField(desk.form, store.form.fields[0].key);
    };
    if (!names.length) { pick(""); return; }
    const menu = buildMenu(names, (name) => { menu.element.remove(); pick(name); }, () => menu.element.remove());
    anchor.after(menu.element);
    menu.focus();
  }

  function remove(index = desk.customer) {
    flushEntries(desk.form);
    const name = entryNow().work[index].values[store.form.name_field] || `客户 ${index + 1}`;
    change((entry) => removeCustomer(entry, store.form, index, Date.now()));
    focusField(desk.form, store.form.fields[0].key);
    desk.say(`已删除「${name}」`, { action: { label: "撤销（Ctrl+Z）", run: () => run("undo") }, seconds: 15 });
  }

  function step(move, word) {
    flushEntries(desk.form);
    const entry = entryNow();
    const before = entry.work;
    if (!move(entry)) { desk.say(`没有可${word}的修改`, { seconds: 3 }); return; }
    const where = firstDifference(before, entry.work, store.form);
    desk.courier.touch(entry);
    if (where) desk.customer = where.index;
    desk.draw();
    if (where) focusField(desk.form, where.key);
    desk.say("");
  }

  /** Decide on the chat and move on; an open warning takes the first approval. */
  function decide(status, note) {
    const entry = entryNow();
    if (!entry || !store.reviewer) return;
    flushEntries(desk.form);
    if (entry.conflict) { desk.say("先选好冲突里要留下的值", { tone: "warn" }); return; }
    if (status === "已确认") {
      const [warning] = entry.gate ? [] : openWarnings(entry, store.form);
      if (warning) {
        entry.gate = true;
        if (warning.index !== desk.customer) switchTo(warning.index, warning.key);
        focusField(desk.form, warning.key);
        desk.say(`${warning.text}。改好，或再按一次 Ctrl+Enter 照样确认`, { tone: "warn", seconds: 0 });
        return;
      }
      confirmRest(entry, store.form, Date.now());
    }
    desk.active();
    desk.courier.save(entry, status, note);
    desk.leave();
    goNext(store);
    desk.showChat();
  }

  function discussWith(note) {
    askNote(desk.bottom, false);
    if (note === null) desk.refocus();
    else decide("待讨论", note);
  }

  function settle(taken) {
    const entry = entryNow();
    const { status } = entry.conflict;
    settleConflict(entry, store.form, taken);
    desk.courier.save(entry, status);
    desk.draw();
    desk.refocus();
    desk.say("已按所选保存", { seconds: 4 });
  }

  function move(forward) {
    desk.active();
    desk.leave();
    desk.courier.flushDrafts();
    if (forward) goNext(store);
    else if (!goPrevious(store)) { desk.say("前面没有了", { seconds: 3 }); return; }
    desk.showChat();
    desk.courier.reportPlace();
  }

  function wantResidue(chat) {
    desk.residueWanted = desk.residueWanted === chat ? null : chat;
    desk.redrawResidue(chat);
    desk.component.setStateValue("want_residue", desk.residueWanted);
  }

  /** A click on a highlight: the field it speaks for gains the focus; again, the next one that it speaks for. */
  function focusEvidence(ids) {
    const customer = entryNow().work[desk.customer];
    const keys = store.form.fields.map((f) => f.key).filter((key) => markOf(customer, key)?.evidence.some((id) => ids.includes(id)));
    if (keys.length) focusField(desk.form, keys[(keys.indexOf(desk.field) + 1) % keys.length]);
  }

  function visit(by) {
    if (!desk.places.length) { desk.say("这个字段在群聊里没有依据", { seconds: 3 }); return; }
    desk.place = (desk.place + by + desk.places.length) % desk.places.length;
    revealIn(desk.panes.get(store.current), desk.places[desk.place]);
    desk.say(`依据 ${desk.place + 1} / ${desk.places.length}`, { seconds: 3 });
  }

  function find(text, by) {
    const pane = desk.panes.get(store.current);
    if (!pane || !entryNow()) return;
    const rows = findRows(entryNow().chat, pane, text);
    for (const row of pane.rows.values()) row.classList.remove("hit", "current");
    desk.foundAt = rows.length ? (by === 0 ? 0 : (desk.foundAt + by + rows.length) % rows.length) : -1;
    rows.forEach((row) => row.classList.add("hit"));
    if (desk.foundAt >= 0) {
      rows[desk.foundAt].classList.add("current");
      revealIn(pane, rows[desk.foundAt]);
    }
    desk.top.found.textContent = text.trim() ? `${desk.foundAt + 1} / ${rows.length}` : "";
  }

  function fillFromSelection() {
    const text = String((desk.host.getSelection?.() ?? getSelection()) || "").trim();
    if (!text || !desk.field) { desk.say("先在群聊里选中文字，再按 Alt+I 填入上次所在的字段", { seconds: 5 }); return; }
    const field = store.form.fields.find((other) => other.key === desk.field);
    const value = entryNow().work[desk.customer].values[desk.field];
    edit(desk.field, isList(field) ? addItems(value, text) : text.replace(/\s+/g, " "), false);
    focusField(desk.form, desk.field);
  }

  function goToUnseen() {
    const where = nextUnseen(entryNow(), store.form, desk.customer, desk.field);
    if (!where) { desk.say("这一条都看过了", { seconds: 3 }); return; }
    if (where.index !== desk.customer) switchTo(where.index, where.key);
    else focusField(desk.form, where.key);
  }

  const commands = {
    approve: () => decide("已确认"),
    skip: () => decide("已跳过"),
    discuss: () => { desk.setMode(false); askNote(desk.bottom, true, entryNow().note); },
    next: () => move(true),
    previous: () => move(false),
    empties: () => change((entry) => confirmRest(entry, store.form, Date.now(), desk.customer)),
    confirm: () => change((entry) => confirmField(entry, desk.customer, desk.field, Date.now())),
    takeBack: () => restoreModel(desk.field),
    fill: fillFromSelection,
    undo: () => step(undo, "撤销"),
    redo: () => step(redo, "重做"),
    add: () => add(),
    remove: () => remove(),
    customer: (number) => switchTo(number - 1),
    evidence: () => visit(1),
    evidenceBack: () => visit(-1),
    search: () => { desk.top.find.focus(); desk.top.find.select(); },
    unseen: goToUnseen,
    help: () => desk.toggleHelp(desk.help.element.hidden),
  };

  /** Run a command of keys.js. */
  function run(id, number) {
    desk.active();
    if (NEEDS_A_CHAT.has(id) && (!entryNow() || !store.reviewer)) return;
    commands[id](number);
  }

  Object.assign(desk.calls, {
    run, find, discussWith, settle, wantResidue, focusEvidence,
    actions: { edit, advance, focus: onFocus, toggleConfirm, takeBack: restoreModel, tab: (index) => switchTo(index),
               addCustomer: add, removeCustomer: remove },
  });
}
