// @ts-check
// What can be done in discussions: open that of a field, go to the next, comment, resolve and open again.
/** @import { DiscussionPayload, DiscussionTurn, DiscussionsPayload, Layer, PanelHandlers, Place, SentRemark, Tools } from "./types.js" */
/** @import { Workbench } from "./workbench.js" */
import { buildDiscussionPanel, drawDiscussion, drawMentions, moveMention, takeMention } from "./discussion_panel.js";
import {
  customerName,
  discussionAt,
  discussionTitle,
  isOfSeveral,
  isOpenDiscussion,
  newsOfDiscussions,
  nextDiscussion,
  placeOfDiscussion,
} from "./discussions.js";
import { setHidden, uuid } from "./dom.js";
import { chordOf } from "./keys.js";
import { draftName, makeRemarks } from "./remarks.js";
import { entryOf } from "./state.js";

/** Milliseconds between looks for what others say, and how long after the last touch they go on. */
const LOOK_EVERY = 8_000;
const LOOK_FOR = 300_000;

/**
 * Commands, calls and actions of discussions.
 * @param {Workbench} workbench
 * @param {Tools} tools
 */
export function discussionCommands(workbench, tools) {
  const { store } = workbench;
  const remarks = makeRemarks(store, {
    tell: (waiting) => workbench.sync.tell("remarks", waiting),
    storage: window.localStorage,
    clock: Date.now,
    pages: workbench.sync.pages,
  });
  /** @type {{ chat: number, id: number, place: Place | null, name: string } | null} what the panel shows */
  let shown = null;
  /** @type {DiscussionTurn | null} the comment that is being changed */
  let changing = null;
  let wasInCommandMode = false;
  let mayDelete = false;
  let asked = 0;
  let looked = 0;
  let touched = 0;

  /** @type {PanelHandlers} */
  const act = {
    submit: () => submit(),
    finish: () => finish(),
    next: () => goNext(),
    close: () => close(),
    type: () => keepTyped(),
    change(turn) {
      keepTyped();
      changing = turn;
      panel.input.value = turn.text;
      panel.input.focus();
      draw();
    },
    remove: (turn) => putAway(turn, "删除"),
    restore: (turn) => putAway(turn, "恢复"),
    cancelChange: () => endChange(),
  };
  const panel = buildDiscussionPanel(act);
  workbench.chatHost.append(panel.element);
  workbench.layers.open(layer());
  workbench.top.talk.addEventListener("click", () => {
    const next = nextDiscussion(tools.openEntry(), 0);
    if (next) visit(next);
  });

  /** The panel's keys are its own while the focus is in it. @returns {Layer} */
  function layer() {
    /** @param {KeyboardEvent} event */
    function onKey(event) {
      const chord = chordOf(event);
      const isInBox = event.composedPath()[0] === panel.input;
      if (chord === "Alt+;") goNext();
      else if (chord === "Ctrl+Enter") finish();
      else if (!isInBox) return event.key === "Enter" || event.key === " " ? "left" : false;
      else if (!panel.names.hidden && /^(ArrowUp|ArrowDown)$/.test(chord))
        moveMention(panel, event.key === "ArrowUp" ? -1 : 1);
      else if (!panel.names.hidden && /^(Enter|Tab)$/.test(chord)) takeMention(panel);
      else if (chord === "Enter") submit();
      else if (chord === "ArrowUp" && !panel.input.value) changeLast();
      else return false;
      return true;
    }

    function onClose() {
      if (!panel.names.hidden) setHidden(panel.names, true);
      else if (changing) endChange();
      else close();
    }

    return {
      name: "discussion",
      inside: panel.element,
      isText: true,
      isThrough: false,
      onKey,
      close: onClose,
    };
  }

  /** The discussion that is shown, as it came last. */
  function current() {
    const entry = shown && entryOf(store, shown.chat);
    if (!shown || !entry) return null;
    const { id, place } = shown;
    return id
      ? ((entry.discussions ?? []).find((one) => one.id === id) ?? null)
      : discussionAt(entry, store.form, place);
  }

  /**
   * Open the panel on a place: a field, or the whole chat.
   * @param {Place | null} place
   * @param {DiscussionPayload | null} one
   */
  function open(place, one) {
    const entry = tools.openEntry();
    keepTyped();
    changing = null;
    if (panel.element.hidden) wasInCommandMode = workbench.commandMode;
    workbench.setMode(false);
    const { chat } = entry.chat;
    shown = { chat, id: one?.id ?? 0, place, name: draftName(chat, one?.id ?? 0, place) };
    panel.input.value = "";
    fill();
    setHidden(panel.element, false);
    draw();
    panel.turns.scrollTop = panel.turns.scrollHeight;
    panel.input.focus();
    drawMentions(panel);
  }

  /** An empty box shows what was typed there, before somebody else opened the discussion too, and what came back. */
  function fill() {
    const entry = shown && entryOf(store, shown.chat);
    if (!shown || !entry || changing || panel.input.value) return;
    const { chat, place, name } = shown;
    const id = current()?.id ?? 0;
    const isOfPlace = (discussionAt(entry, store.form, place)?.id ?? 0) === id;
    const others = [draftName(chat, id, place), ...(isOfPlace ? [draftName(chat, 0, place)] : [])];
    panel.input.value = remarks.takeUp(name, others);
  }

  /** Open the discussion of the field in focus; again: the next one of the chat. */
  function openHere() {
    if (!panel.element.hidden) return goNext();
    const place = { index: workbench.customer, key: tools.fieldNow().key };
    open(place, discussionAt(tools.openEntry(), store.form, place));
  }

  function goNext() {
    const entry = tools.openEntry();
    const next = nextDiscussion(entry, current()?.id ?? 0);
    if (!next) {
      workbench.say("这一条没有别的讨论", { seconds: 3 });
      return;
    }
    visit(next);
  }

  /**
   * Show a discussion, with the field that it is about in view.
   * @param {DiscussionPayload} one
   */
  function visit(one) {
    const place = placeOfDiscussion(tools.openEntry(), store.form, one);
    if (place && workbench.view.parts.has(place.key)) tools.visit(place, true);
    open(place, one);
  }

  function close() {
    if (panel.element.hidden) return;
    hide();
    workbench.setMode(wasInCommandMode);
    workbench.refocus();
  }

  function hide() {
    keepTyped();
    changing = null;
    shown = null;
    setHidden(panel.element, true);
  }

  /** While the panel is open, what others say comes within seconds. */
  function lookForOthers() {
    const now = Date.now();
    if (document.hidden || now - looked < LOOK_EVERY || now - touched > LOOK_FOR) return;
    looked = now;
    workbench.sync.tell("beat", now);
  }

  function keepTyped() {
    touched = Date.now();
    if (shown && !changing) remarks.keepDraft(shown.name, panel.input.value);
  }

  function endChange() {
    changing = null;
    panel.input.value = "";
    fill();
    panel.input.focus();
    draw();
  }

  function changeLast() {
    const own = current()?.turns.findLast(
      (turn) => turn.who === store.reviewer && turn.step === "评论" && !turn.deleted_by,
    );
    if (own) act.change(own);
  }

  /** What the panel shows, for what is done in it later: by then it may show another one, or be closed. */
  function here() {
    return shown && { chat: shown.chat, place: shown.place, one: current() };
  }

  /**
   * Say or do something in a discussion.
   * @param {SentRemark["kind"]} kind
   * @param {Partial<SentRemark>} [more]
   * @param {ReturnType<typeof here>} [at] which one, the one that is shown unless another is named
   */
  function add(kind, more = {}, at = here()) {
    if (!at || !store.reviewer) return;
    const { chat, place, one } = at;
    const entry = entryOf(store, chat);
    remarks.add({
      id: uuid(),
      chat,
      discussion: one?.id ?? 0,
      customer: place?.index ?? null,
      customer_name: place && entry ? customerName(entry, store.form, place.index) : "",
      field: place?.key ?? "",
      kind,
      text: "",
      target: 0,
      reviewer: store.reviewer,
      seen_open: !one || isOpenDiscussion(one),
      of_several: Boolean(place && entry && isOfSeveral(entry, store.form, place.index)),
      ...more,
    });
    workbench.active();
    tellEntries([chat]);
    workbench.drawBars();
    draw();
  }

  /**
   * The chats know what was said in them and has no answer yet: an approval asks about it.
   * @param {number[]} chats
   */
  function tellEntries(chats) {
    for (const chat of chats) {
      const entry = entryOf(store, chat);
      if (entry) entry.said = remarks.waiting().filter((remark) => remark.chat === chat);
    }
  }

  function takeText() {
    const text = panel.input.value.trim();
    panel.input.value = "";
    setHidden(panel.names, true);
    keepTyped();
    return text;
  }

  function isNamed() {
    if (!store.reviewer) workbench.say("还不知道是谁写的，请先填写名字", { tone: "warn" });
    return Boolean(store.reviewer);
  }

  function submit() {
    if (!isNamed()) return;
    if (changing) {
      const text = panel.input.value.trim();
      if (text && text !== changing.text) add("修改", { target: changing.id, text });
      return endChange();
    }
    const text = takeText();
    if (text) {
      add("评论", { text });
      fill();
    } else workbench.say("还没有写什么", { seconds: 3 });
  }

  /** Resolve the discussion, or open it again; what is typed goes along as a comment. */
  function finish() {
    const one = current();
    if (!isNamed()) return;
    if (changing) return submit();
    if (!one) {
      if (panel.input.value.trim()) submit();
      else workbench.say("这里还没有讨论，先写一条评论", { seconds: 3 });
      return;
    }
    const kind = isOpenDiscussion(one) ? "解决" : "重开";
    const about = discussionTitle(tools.openEntry(), store.form, one);
    const at = here();
    add(kind, { text: takeText() });
    workbench.answer(kind === "解决" ? `已解决「${about}」的讨论` : `已重开「${about}」的讨论`, {
      label: "撤销",
      run: () => {
        if (at?.chat === store.current) visit(one);
        add(kind === "解决" ? "重开" : "解决", { seen_open: kind === "重开" }, at);
        workbench.say(kind === "解决" ? "已重开" : "又是已解决", {
          seconds: 3,
        });
      },
    });
    if (kind === "解决") close();
  }

  /**
   * @param {DiscussionTurn} turn
   * @param {"删除" | "恢复"} kind
   */
  function putAway(turn, kind) {
    const at = here();
    add(kind, { target: turn.id });
    const back = {
      label: "撤销",
      run: () => {
        add("恢复", { target: turn.id }, at);
        workbench.answer("已恢复评论", null);
      },
    };
    workbench.answer(kind === "删除" ? "已删除评论" : "已恢复评论", kind === "删除" ? back : null);
    panel.input.focus();
  }

  /**
   * Take what the server said of discussions, before the chat is drawn.
   * @param {DiscussionsPayload | undefined} data
   */
  function take(data) {
    remarks.restore();
    if (!data) return;
    panel.people = data.people.filter((name) => name !== store.reviewer);
    mayDelete = data.may_delete;
    let isNew = false;
    for (const [chat, list] of Object.entries(data.chats)) {
      const entry = entryOf(store, Number(chat));
      if (!entry) continue;
      const before = entry.discussions;
      entry.discussions = list;
      if (store.current !== Number(chat) || JSON.stringify(before ?? []) === JSON.stringify(list)) continue;
      isNew = true;
      const news = before ? newsOfDiscussions(entry, store.form, before, store.reviewer) : "";
      if (news) workbench.say(news, { tone: "warn", seconds: 0 });
    }
    const settled = remarks.settle(data.answers);
    tellEntries([...remarks.waiting(), ...settled.map(({ remark }) => remark)].map(({ chat }) => chat));
    for (const { remark, answer } of settled) {
      const isBack = answer.result !== "saved" && Boolean(remark.text);
      if (isBack) fill();
      const where = `您写的留在第 ${remark.chat} 条群聊的这处讨论里，再打开就看得到。`;
      const why = isBack && (!shown || !panel.input.value.includes(remark.text)) ? `${answer.why}${where}` : answer.why;
      if (why) workbench.say(why, { tone: "warn", seconds: 0 });
    }
    if (isNew) workbench.draw();
    else draw();
    openAsked(data.open);
  }

  /**
   * Open the discussion that the page's address asks for, once.
   * @param {number | null} id
   */
  function openAsked(id) {
    const entry = tools.entryNow();
    if (!id) asked = 0;
    if (!id || asked === id || !entry) return;
    asked = id;
    const one = entry.discussions?.find((other) => other.id === id);
    if (one) visit(one);
    else
      workbench.say("地址里的讨论不在这一条群聊里，可能已经删除", {
        tone: "warn",
        seconds: 0,
      });
  }

  /** Draw the panel anew; it goes with the chat that it belongs to. */
  function draw() {
    remarks.retry();
    if (panel.element.hidden) return;
    lookForOthers();
    const entry = shown && entryOf(store, shown.chat);
    if (!shown || !entry || shown.chat !== store.current) {
      hide();
      return;
    }
    const one = current();
    const { place, chat } = shown;
    const about = one ?? {
      customer: place?.index ?? null,
      customer_name: place ? customerName(entry, store.form, place.index) : "",
      field: place?.key ?? "",
    };
    drawDiscussion(panel, {
      one,
      title: discussionTitle(entry, store.form, about),
      waiting: remarks.waiting().filter((remark) => remark.chat === chat && remark.discussion === (one?.id ?? 0)),
      reviewer: store.reviewer,
      mayDelete,
      hasNext: nextDiscussion(entry, one?.id ?? 0) !== null,
      isBlind: store.review === "blind",
      changing,
      act,
    });
  }

  return {
    commands: { thread: openHere },
    calls: {
      drawDiscussion: draw,
      takeDiscussions: take,
    },
    actions: {
      discuss: (/** @type {string} */ key) => {
        const place = { index: workbench.customer, key };
        tools.visit(place);
        open(place, discussionAt(tools.openEntry(), store.form, place));
      },
    },
  };
}
