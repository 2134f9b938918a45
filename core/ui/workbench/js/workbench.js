// @ts-check
// The workbench on screen: what is shown of the state, and which customer and field the reviewer is at.
/** @import { Action, Calls, Component, Entry, FormView, OpenPages, SayOptions } from "./types.js" */
import { leaveDesk, TOO_SOON, undoOfChange } from "./answers.js";
import { makeArrival } from "./arrival.js";
import { drawConflict, drawNarrow, drawNotices, isAway, settleEqualConflicts } from "./banners.js";
import { addLine, buildBottom, buildTop, drawTop, say } from "./bars.js";
import { watchText } from "./composing.js";
import { helpLayer, lastingLayers } from "./desk_layers.js";
import { makeDivider } from "./divider.js";
import { afterPaint, classBySize, h, setAttr, uuid } from "./dom.js";
import { drawDoubts, makeDoubtMode, startField } from "./doubt_mode.js";
import { placeInWalk } from "./echo.js";
import { buildBlank, drawBlank } from "./end_card.js";
import { drawGuide, drawLine } from "./field_footer.js";
import { buildForm, drawForm, flushEntries, focusField, markRow } from "./form_view.js";
import { namePage, pageHas } from "./frame.js";
import { makeGuard, watchClicks } from "./guard.js";
import { buildHelp } from "./help.js";
import { makeLayers } from "./layers.js";
import { endWord, finishText, leaveField, putNoteAway } from "./leaving.js";
import { makeMarks } from "./marks.js";
import { light, makePanes, paint } from "./panes.js";
import { makeRail } from "./rail.js";
import { makeRibbon } from "./ribbon.js";
import { entryOf, makeStore, nextChat, receive } from "./state.js";
import { makeSync } from "./sync.js";
import { makeWorkClock } from "./time_spent.js";
import { whyOf } from "./why.js";

/** The workbench in a host element; its `calls` are filled in by commands.js before anything can be clicked. */
export class Workbench {
  store = makeStore();
  /** @type {Component | null} what Streamlit handed over last */
  component = null;
  /** @type {FormView | null} */
  form = null;
  /** The customer on screen. */
  customer = 0;
  /** The field in focus, or last in focus; "" for none. */
  field = "";
  /** @type {HTMLElement[]} evidence of that field */
  places = [];
  /** Where we are in it. */
  place = 0;
  /** @type {number | null} the message under the cursor */
  message = null;
  /** The words picked in it. */
  picked = "";
  /** @type {{ chat: number, at: number }[]} decisions made here, oldest first: what undo goes back to */
  decisions = [];
  /** Whether only the exchange with the customer on screen is shown. */
  isNarrow = false;
  guideOpen = false;
  doubts = makeDoubtMode(window.localStorage);
  ribbon = makeRibbon(this);
  rail = makeRail(this);
  commandMode = false;
  lettersAsked = false;
  /** Whether the server knows that the card at the end of the queue is on screen. */
  isEndAsked = false;
  /** What lies over the desk: the topmost owns the keys. */
  layers = makeLayers();
  /** Whether the focus only comes back to where it was: then the chat stays where it stands. */
  isReturning = false;
  /** Whether the server has kept the page waiting for some seconds. */
  isAwaiting = false;
  /** Closes the list that is open. */
  closeMenu = () => {};
  /** Since when what is on screen can be seen; every decision, key, click and text asks `guard` whether it may act on it. */
  arrival = makeArrival(() => performance.now());
  guard = makeGuard(this.arrival, (newcomer) => addLine(this.bottom, TOO_SOON[newcomer]));
  /** @type {Entry["work"] | null} what the last change made of the customers; null where it changed nothing */
  changed = null;
  /** @type {number | null} the chat whose residue is to be shown */
  residueWanted = null;
  /** Whether command mode was on when the search was opened. */
  #modeBeforeSearch = false;
  #count = makeWorkClock(Date.now);
  #isOpened = false;
  #callOffPreparing = () => {};
  #callOffNaming = () => {};

  /**
   * @param {HTMLElement | ShadowRoot} host
   * @param {Calls} calls
   * @param {OpenPages} pages
   */
  constructor(host, calls, pages) {
    this.host = host;
    this.path = window.location.pathname; // this page's: while somebody is on the way to another, nothing is named
    this.calls = calls;
    this.sync = makeSync(this.store, {
      emit: (name, value) => this.root.isConnected && this.component?.setStateValue(name, value),
      storage: window.localStorage,
      clock: Date.now,
      makeId: uuid,
      onChange: () => this.drawBars(),
      whenPainted: afterPaint,
      pages,
      onLeft: () => this.component && this.take(this.component),
    });
    this.top = buildTop({
      onRetry: () => {
        this.sync.retry(true);
        this.say("正在重新发送…", { seconds: 3 });
      },
      onFind: (text, step) => calls.find(text, step),
      onType: () => {
        this.#modeBeforeSearch = this.commandMode;
        this.setMode(false);
      },
    });
    const { place } = this.top;
    this.bottom = buildBottom({ run: (id) => calls.run(id), onNote: (text) => calls.discussWith(text), place });
    this.notices = h("div", { class: "notices" });
    this.chatHost = h("section", { class: "chat", "aria-label": "群聊" });
    this.divider = makeDivider(window.localStorage);
    this.formHost = h("section", { class: "form", "aria-label": "表单" });
    classBySize(this.formHost, { close: ({ width }) => width <= 640, closest: ({ width }) => width <= 520 });
    watchText(this.formHost, this.guard, this.arrival.moved);
    this.conflictHost = h("div", {});
    this.blank = buildBlank((id) => calls.run(id));
    this.marks = makeMarks(window.localStorage);
    this.help = buildHelp(() => this.toggleHelp(false), this.marks.bringBack);
    this.root = h(
      "div",
      { class: "workbench", "data-testid": "workbench", "data-save-state": "saved", tabindex: "-1", lang: "zh-CN" },
      this.top.element,
      this.notices,
      this.divider.panes,
      this.bottom.element,
      this.help.element,
    );
    this.panes = makePanes(this.chatHost, (chat) => entryOf(this.store, chat), {
      formNow: () => this.store.form,
      onMark: (ids) => calls.focusEvidence(ids),
      onResidue: (chat) => calls.wantResidue(chat),
      onMessage: (i) => calls.setCursor(i),
      onNarrow: () => calls.run("narrow"),
      onRows: () => this.rail.drawSoon(),
    });
    const { panes } = this.divider;
    panes.append(this.chatHost, this.marks.element, this.divider.element, this.formHost, this.blank.element);
    this.chatHost.append(this.rail.element, this.rail.tip);
    for (const layer of lastingLayers(this)) this.layers.open(layer);
    watchClicks(this.root, () => addLine(this.bottom, TOO_SOON.place));
    host.append(this.root);
  }

  /**
   * Take what Python sent.
   * @param {Component} component
   */
  take(component) {
    const { store, sync } = this;
    this.component = component;
    const { data } = component;
    if (!data) return;
    if (store.session !== null && store.session !== data.session) sync.flushDrafts();
    const effects = receive(store, data, sync.restore);
    if (effects.otherDesk) leaveDesk(this);
    sync.settle(effects);
    sync.askTexts(effects.textless);
    this.doubts.take(store.reviewer);
    if (JSON.stringify(this.form?.form) !== JSON.stringify(data.form)) {
      const form = buildForm(data.form, this.calls.actions);
      const { head, scroll, footer } = form;
      this.form = form;
      this.formHost.replaceChildren(head, this.conflictHost, scroll, footer.element, footer.guide, this.ribbon.element);
    }
    const hadMenu = this.layers.has("menu");
    if (effects.reset) this.panes.dropAll();
    const came = [...effects.replaced, ...effects.merged];
    for (const chat of came) this.panes.refresh(chat, this.residueWanted === chat);
    settleEqualConflicts(this);
    // A chat that was there and is another now is drawn where it stands: nobody's focus, search or place is taken away.
    if (effects.moved || this.panes.front() !== store.current) this.showChat();
    else {
      if (store.current !== null && effects.replaced.includes(store.current)) this.#tellNews();
      this.draw();
      this.nameTab();
    }
    this.layers.ownerOf([]); // which lets go of what was taken off the page
    if (hadMenu && !this.layers.has("menu")) this.#missMenu();
    sync.reportPlace();
    this.#prepareNext();
  }

  /** Values changed under the reviewer's eyes: that is said, and no decision is taken before it can be read. */
  #tellNews() {
    const text = entryOf(this.store)?.news?.text;
    this.arrival.stop();
    if (text) this.say(text, { tone: "warn", seconds: 0 });
  }

  /** A list went with what the server sent: the key that was meant for it becomes no text, and that is said. */
  #missMenu() {
    this.arrival.chat(false);
    this.say("这里刚刚更新，打开的列表关上了：什么也没有填，请再打开", { tone: "warn", seconds: 0 });
  }

  /**
   * Show the current chat: its pane comes to the front, the form is redrawn in place.
   * @param {boolean} [isAsked] whether somebody went to it themselves
   */
  showChat(isAsked = false) {
    const { store, calls } = this;
    const entry = entryOf(store);
    const front = this.panes.front();
    const isNew = front !== store.current;
    if (isNew) {
      finishText(this, front);
      putNoteAway(this, front);
      if (this.#isOpened) this.arrival.chat(isAsked); // the page's first one was asked for, and takes its time
      this.#isOpened ||= entry !== null;
      this.closeMenu();
      this.doubts.leaveChat();
      const start = { customer: 0, field: startField(this, entry), ...placeInWalk(store, entry) };
      Object.assign(this, start, { place: 0, isNarrow: false });
      calls.setCursor(null);
      calls.find("", 0);
      this.top.find.value = "";
    }
    const pane = this.panes.show(store.current);
    this.draw();
    if (entry && this.form && !this.isEditingOutside()) {
      if (this.commandMode) this.root.focus({ preventScroll: true });
      else focusField(this.form, this.field);
      if (isNew) {
        this.form.scroll.scrollTop = 0;
        this.arrival.stay(); // the focus was put there by nobody
      }
    }
    if (pane) pane.shown = true;
    this.#nameSoon();
    this.#prepareNext();
  }

  /** Name the page's address and tab after the chat once it is painted: the browser takes its time for both. */
  #nameSoon() {
    this.#callOffNaming();
    this.#callOffNaming = afterPaint(() => this.nameTab());
  }

  /** Name address and tab after the chat, where they are not: Streamlit writes its own with its answers. */
  nameTab() {
    if (!this.root.isConnected || this.root.inert) return; // a preview is not what the tab is for
    namePage(this.store, this.path);
  }

  draw() {
    const entry = entryOf(this.store);
    if (entry && this.form) {
      this.customer = Math.min(this.customer, entry.work.length - 1);
      drawForm(this.form, entry, this.customer, this.field, this.store.baseRun);
      drawDoubts(this, entry, this.form);
      this.#drawMarks();
      drawNarrow(this, entry);
    }
    this.#drawGuide();
    drawConflict(this, entry);
    drawBlank(this, entry);
    drawNotices(this, entry);
    this.drawBars();
  }

  /** Lines above the panes, some of which come and go by themselves. */
  drawNotices() {
    drawNotices(this, entryOf(this.store));
  }

  drawBars() {
    const { store } = this;
    const entry = entryOf(store);
    const state = this.sync.state();
    drawTop(this.top, store, entry, state, isAway(this));
    setAttr(this.root, "data-save-state", state);
    setAttr(this.root, "data-chat", store.current ?? "");
    const locked = !store.reviewer || !entry;
    this.marks.draw(store.reviewer, entry !== null);
    for (const button of this.bottom.decisions) button.disabled = locked;
    this.formHost.inert = locked;
    this.calls.drawEcho();
  }

  /** Colour the evidence of the customer on screen, and light that of the field in focus. */
  #drawMarks() {
    const pane = this.panes.get(this.store.current);
    const entry = entryOf(this.store);
    if (!pane || !entry || !this.form) return;
    const customer = entry.work[this.customer];
    paint(pane, entry, this.customer, this.form);
    this.places = light(pane, customer, this.field);
    this.place = Math.min(this.place, Math.max(0, this.places.length - 1));
    markRow(this.form, this.field);
    this.ribbon.draw();
    this.rail.drawSoon();
  }

  /** Another field has the focus: light its evidence, and tell about it. */
  drawFocus() {
    const entry = entryOf(this.store);
    this.#drawMarks();
    if (entry && this.form) {
      this.doubts.keep(entry.work[this.customer].uid, this.field);
      drawDoubts(this, entry, this.form);
      drawLine(this.form.footer, entry, this.form.form, this.customer, this.field);
    }
    this.#drawGuide();
  }

  /** The guideline beside the field in focus, while it is open. */
  #drawGuide() {
    if (!this.form) return;
    const part = this.guideOpen && entryOf(this.store) ? this.form.parts.get(this.field) : null;
    const why = part ? whyOf(this.store, this.customer, this.field, (cell) => this.sync.tell("want_why", cell)) : null;
    drawGuide(this.form.footer, part ?? null, this.store.guidelines[this.field] ?? "", this.formHost, why);
  }

  /** Lay out the next chat behind the current one while nothing else is to do. */
  #prepareNext() {
    const prepare = () => {
      if (this.root.isConnected) this.panes.prepare(nextChat(this.store), this.form);
    };
    this.#callOffPreparing();
    this.#callOffPreparing = afterPaint(() => {
      if ("requestIdleCallback" in window) window.requestIdleCallback(prepare, { timeout: 300 });
      else prepare();
    });
  }

  /** @param {boolean} open */
  toggleHelp(open) {
    this.help.element.hidden = !open;
    if (!open) {
      this.layers.drop("help");
      return this.refocus();
    }
    this.layers.open(helpLayer(this));
    this.help.start(this.store.form);
  }

  /** Take the search away: its words and what they light. */
  clearSearch() {
    this.top.find.value = "";
    this.calls.find("", 0);
  }

  /** Esc in the search: back to where the reviewer was, the chat stays at what was found. */
  leaveSearch() {
    this.clearSearch();
    this.setMode(this.#modeBeforeSearch);
    this.refocus();
  }

  /** Put the focus back into the field that the reviewer was at, or in command mode on the workbench. */
  refocus() {
    this.isReturning = true;
    if (!this.commandMode && this.form && this.field && entryOf(this.store)) focusField(this.form, this.field);
    else this.root.focus({ preventScroll: true });
    this.arrival.stay();
    this.isReturning = false;
  }

  /** @param {boolean} on */
  setMode(on) {
    this.commandMode = on;
    this.bottom.mode.hidden = !on;
    this.root.classList.toggle("command", on);
  }

  /**
   * Show the letters of the fields while one is asked for.
   * @param {boolean} on
   */
  showLetters(on) {
    this.lettersAsked = on;
    this.root.classList.toggle("letters", on);
  }

  /**
   * Show the letters of the fields while Alt and Shift are held.
   * @param {boolean} on
   */
  holdLetters(on) {
    this.root.classList.toggle("letters", on || this.lettersAsked);
  }

  /** Leave the chat on screen: what was typed and not added counts; command mode stays. Returns a note that was not handed in. */
  leave() {
    this.flush();
    leaveField(this);
    this.closeMenu();
    this.residueWanted = null;
    return putNoteAway(this, this.store.current);
  }

  /** The form pane, for what runs only where there is one. */
  get view() {
    if (!this.form) throw new Error("no form yet");
    return this.form;
  }

  /** Take what was typed into a free entry and not added yet. */
  flush() {
    endWord(this);
    if (this.form) flushEntries(this.form);
  }

  /** Count seconds of work on the chat, at a field or at none (`""`); pauses longer than a minute are not work. */
  active(key = this.field) {
    this.#count(entryOf(this.store), key);
  }

  /** The element on the page that the desk lies in. */
  shell() {
    return /** @type {HTMLElement} */ (this.host instanceof ShadowRoot ? this.host.host : this.host);
  }

  /** Whether somebody types into a widget of the page that is not ours. */
  isEditingOutside() {
    const element = document.activeElement;
    const shell = this.shell();
    if (!element || element === shell || shell.contains(element)) return false;
    return pageHas() === "keys";
  }

  /**
   * Say a sentence in the bar below.
   * @param {string} text
   * @param {SayOptions} [options]
   */
  say(text, options) {
    say(this.bottom, text, options);
  }

  /**
   * Say what was done, and how it is taken back; it stays until the next thing is done.
   * @param {string} text
   * @param {Action | null} [back] undo of this very change unless another way is named; none where nothing changed
   */
  answer(text, back = undoOfChange(this)) {
    this.say(text, { action: back, seconds: 0 });
  }
}
