// @ts-check
// The workbench's state: chats that came, saves under way, where we are in the queue. Pure: effects are the caller's.
/** @import { AckPayload, ChatPayload, Effects, Entry, FormPayload, PendingSave, Store, WorkbenchPayload } from "./types.js" */

import { takeAnswered } from "../../js/unanswered.js";
import { followWalk, takeWalk } from "./echo.js";
import { mergeChat, newsOf, restoreWork, withTexts } from "./incoming.js";
import { ORDINARY } from "./journal.js";
import { isDirty, makeEntry, settledAs } from "./model.js";
import { applyAck, DRAFT, waitingFor } from "./outbox.js";
import { ROLE } from "./words.js";

const KEPT_CHATS = 40;

/**
 * The state before anything has come.
 * @returns {Store}
 */
export function makeStore() {
  return {
    session: null,
    form: {
      name: "",
      reference: "",
      title: "",
      version: 0,
      subject: ROLE.CUSTOMER,
      staff: ROLE.STAFF,
      name_field: "",
      groups: [],
      fields: [],
    },
    reviewer: "",
    review: ORDINARY,
    dataset: { id: 0, name: "" },
    error: "",
    offline: false,
    guidelines: {},
    why: null,
    whyAsked: [],
    progress: { total: 0, confirmed: 0, discussed: 0, skipped: 0, left: 0 },
    end: null,
    echo: null,
    walk: null,
    entries: new Map(),
    timeSpent: new Map(),
    outbox: [],
    orphans: new Map(),
    current: null,
    waiting: null,
    visited: [],
    queue: [],
    queueAt: null,
    opened: null,
    reported: new Set(),
    decided: new Set(),
  };
}

/**
 * @param {Store} store
 * @param {number | null} [chat]
 */
export function entryOf(store, chat = store.current) {
  return chat === null ? null : (store.entries.get(chat) ?? null);
}

/**
 * @param {Store} store
 * @param {Entry} entry
 */
function isBusy(store, entry) {
  return waitingFor(store.outbox, entry.chat.chat).length > 0;
}

/**
 * Chats decided here whose answer has not come: the queue that the server sent may still hold them.
 * @param {Store} store
 */
function decided(store) {
  return new Set(store.outbox.filter((save) => save.status !== DRAFT).map((save) => save.chat));
}

/**
 * Chats that need the reviewer: a save of them met a conflict or was rejected.
 * @param {Store} store
 */
export function troubled(store) {
  const known = [...store.entries.values()].filter((entry) => entry.conflict !== null || entry.rejected !== "");
  return [...new Set([...known.map((entry) => entry.chat.chat), ...store.orphans.keys()])];
}

/**
 * Take a payload. `restore()` may put kept saves into the outbox before chats are taken. Returns what the screen has to know:
 * `{reset, otherDesk, moved, replaced: [chat], merged: [chat], settled: [save_id], cleaned: [chat], textless: [chat]}`.
 * @param {Store} store
 * @param {WorkbenchPayload} data
 * @param {() => PendingSave[]} [restore]
 */
export function receive(store, data, restore = () => []) {
  /** @type {Effects} */
  const effects = {
    reset: false,
    otherDesk: false,
    moved: false,
    replaced: [],
    merged: [],
    settled: [],
    cleaned: [],
    textless: [],
  };
  /** @type {Left | null} */
  let left = null;
  if (data.session !== store.session) {
    effects.reset = true;
    const isSameDesk = data.dataset.id === store.dataset.id && data.reviewer === store.reviewer;
    if (isSameDesk && (data.review ?? ORDINARY) === store.review) {
      left = { current: store.current, isAtEnd: store.waiting === "end", been: store.reported };
    } else {
      // Another journal's work: it waits there and goes on when that dataset or kind of review is opened again.
      effects.otherDesk = store.session !== null;
      store.entries.clear();
      store.timeSpent.clear();
      store.orphans.clear();
      store.outbox = [];
    }
    for (const [index, entry] of store.entries) {
      if (!isDirty(entry) && !isBusy(store, entry) && !entry.conflict) letGo(store, index, entry);
    }
    Object.assign(store, {
      session: data.session,
      echo: null,
      walk: null,
      current: null,
      waiting: null,
      visited: [],
      opened: null,
      reported: new Set(),
      decided: new Set(),
    });
  }
  store.form = data.form;
  store.reviewer = data.reviewer;
  store.review = data.review ?? ORDINARY;
  store.dataset = data.dataset;
  store.progress = data.progress ?? store.progress;
  store.guidelines = data.guidelines ?? store.guidelines;
  if (data.why !== undefined) store.why = data.why;
  store.end = data.end ?? null;
  store.echo = data.echo ?? store.echo;
  takeWalk(store, data.walk);
  store.baseRun = data.base_run_id;
  store.error = data.error ?? "";
  store.offline = data.offline ?? false;
  for (const save of restore()) {
    const entry = store.entries.get(save.chat);
    if (!entry) continue; // it is put over the chat once that comes
    putKept(entry, save, store.form);
    effects.replaced.push(save.chat);
  }
  for (const ack of data.acks ?? []) takeAck(store, ack, effects);
  for (const sent of data.chats ?? []) {
    const chat = withTexts(sent, store.entries.get(sent.chat)?.chat);
    if (chat) takeChat(store, chat, effects);
    else effects.textless.push(sent.chat);
  }
  takeOrder(store, data);
  if (!left || !staysOn(store, data.open ?? null, left, effects)) moveIfAsked(store, data, effects);
  forgetFarChats(store);
  return effects;
}

/**
 * @param {Store} store
 * @param {AckPayload} ack
 * @param {Effects} effects
 */
function takeAck(store, ack, effects) {
  const [save] = takeAnswered(store.outbox, ({ save_id }) => save_id === ack.save_id);
  if (!save) return;
  // Another person's, or of another kind of review: it stays in its own journal.
  if (save.reviewer !== store.reviewer || save.review !== store.review) return;
  const entry = store.entries.get(save.chat);
  if (entry || ack.result === "saved") effects.settled.push(save.save_id);
  if (entry) {
    applyAck(entry, save, ack);
    if (!isDirty(entry) && !isBusy(store, entry)) effects.cleaned.push(save.chat);
    effects.merged.push(save.chat);
  } else if (ack.result !== "saved") {
    store.orphans.set(save.chat, { save, ack });
  }
}

/**
 * @param {Store} store
 * @param {ChatPayload} chat
 * @param {Effects} effects
 */
function takeChat(store, chat, effects) {
  const known = store.entries.get(chat.chat);
  if (known) {
    const before = known.work;
    const isReplaced = mergeChat(known, chat, isBusy(store, known), store.form) === "replaced";
    if (isReplaced && chat.chat === store.current) known.news = newsOf(before, known, store.form);
    (isReplaced ? effects.replaced : effects.merged).push(chat.chat);
    return;
  }
  const entry = Object.assign(makeEntry(chat), store.timeSpent.get(chat.chat));
  store.timeSpent.delete(chat.chat);
  const orphan = store.orphans.get(chat.chat);
  const saves = waitingFor(store.outbox, chat.chat);
  const last = saves[saves.length - 1] ?? null; // kept by the journal over a reload: newer than what the server has
  if (orphan) {
    restoreWork(entry, orphan.save, store.form);
    applyAck(entry, orphan.save, orphan.ack);
    effects.settled.push(orphan.save.save_id); // until now, only the journal had it
    store.orphans.delete(chat.chat);
  } else if (last && isOfForm(last, store.form)) {
    putKept(entry, last, store.form);
  }
  store.entries.set(chat.chat, entry);
  effects.replaced.push(chat.chat);
}

/**
 * Whether a save was made over the form that is on screen; one of another version is carried over by the server.
 * @param {PendingSave} save
 * @param {FormPayload} form
 */
function isOfForm(save, form) {
  return save.form === undefined || save.form === form.reference;
}

/**
 * Put a save from the journal, which goes off again, over its chat.
 * @param {Entry} entry
 * @param {PendingSave} save
 * @param {FormPayload} form
 */
function putKept(entry, save, form) {
  restoreWork(entry, save, form);
  entry.clean = entry.work;
  entry.lastSave = save.save_id;
  entry.status = save.status;
  entry.settled = settledAs(entry.work, save.status, save.note) ?? entry.settled;
  entry.sent = { ...entry.sent, [save.save_id]: entry.work };
}

/**
 * @param {Store} store
 * @param {WorkbenchPayload} data
 */
function takeOrder(store, data) {
  const at = data.open ?? data.chats?.[0]?.chat ?? null;
  if (at === null) {
    // Nothing is on screen: what comes next stands in the queue by itself.
    if (data.end) Object.assign(store, { queue: [...(data.order?.next ?? [])], queueAt: null });
    return;
  }
  store.queue = [...[...(data.order?.prev ?? [])].reverse(), at, ...(data.order?.next ?? [])];
  store.queueAt = at;
  followWalk(store, at);
}

/**
 * Where somebody was when another run or filter was chosen.
 * @typedef {{ current: number | null, isAtEnd: boolean, been: Set<number> }} Left
 */

/**
 * With another run or filter: who has gone on meanwhile, since the server was told where they are, is not led back there.
 * @param {Store} store
 * @param {number | null} asked
 * @param {Left} left
 * @param {Effects} effects
 */
function staysOn(store, asked, left, effects) {
  if (asked === null || !left.been.has(asked) || left.current === asked) return false;
  if (left.current === null && !left.isAtEnd) return false;
  store.opened = asked;
  store.reported.add(asked);
  store.visited.push(asked);
  const next = left.current ?? nextChat(store, asked);
  if (next === null) store.waiting = "end";
  else show(store, next);
  effects.moved = true;
  return true;
}

/**
 * @param {Store} store
 * @param {WorkbenchPayload} data
 * @param {Effects} effects
 */
function moveIfAsked(store, data, effects) {
  const asked = data.open ?? null;
  const isNews = asked !== null && asked !== store.opened && !store.reported.has(asked);
  store.opened = asked;
  const before = store.current;
  if (isNews) show(store, asked);
  else if (store.waiting === "next") {
    const next = nextChat(store);
    if (next !== null) show(store, next);
    else if (!data.offline && !store.outbox.length && !data.order?.next?.length) store.waiting = "end";
  } else if (store.current === null && store.waiting === null) {
    show(store, data.chats?.[0]?.chat ?? null);
    if (store.current === null && data.end) store.waiting = "end";
  }
  effects.moved = store.current !== before;
}

/**
 * Put a chat on screen (it may still have to come).
 * @param {Store} store
 * @param {number | null} chat
 */
export function show(store, chat) {
  if (chat === null) return;
  if (store.current !== null && store.current !== chat) store.visited.push(store.current);
  store.current = chat;
  store.waiting = null;
  store.reported.add(chat);
}

/**
 * The chat after the current one, troubled ones first; null where none is known.
 * @param {Store} store
 * @param {number | null | undefined} [from]
 */
export function nextChat(store, from = store.current ?? store.visited[store.visited.length - 1]) {
  const trouble = troubled(store).find((chat) => chat !== from);
  if (trouble !== undefined) return trouble;
  const skip = decided(store);
  const place = store.queue.indexOf(from ?? -1);
  // A queue older than what was decided since: what stands in it must not be shown again.
  if (place < 0) for (const chat of store.decided) skip.add(chat);
  const later =
    place < 0 ? store.queue.slice(store.queue.indexOf(store.queueAt ?? -1) + 1) : store.queue.slice(place + 1);
  return later.find((chat) => chat !== from && !skip.has(chat)) ?? null;
}

/**
 * The chat before: where we came from, else the queue's.
 * @param {Store} store
 */
export function previousChat(store) {
  while (store.visited.length) {
    const chat = store.visited.pop() ?? null;
    if (chat !== store.current) return chat;
  }
  const place = store.queue.indexOf(store.current ?? -1);
  return place > 0 ? store.queue[place - 1] : null;
}

/**
 * Move on: to the next chat, to waiting for it, or to the end of the queue.
 * @param {Store} store
 */
export function goNext(store) {
  const next = nextChat(store);
  if (next !== null) show(store, next);
  else if (store.waiting !== "end") {
    const caughtUp = store.queueAt === store.current;
    if (store.current !== null) store.visited.push(store.current);
    store.current = null;
    store.waiting = caughtUp ? "end" : "next";
  }
}

/** @param {Store} store */
export function goPrevious(store) {
  const chat = previousChat(store);
  if (chat === null) return false;
  store.current = chat;
  store.waiting = null;
  store.reported.add(chat);
  return true;
}

/** @param {Store} store */
function forgetFarChats(store) {
  if (store.entries.size <= KEPT_CHATS) return;
  const near = new Set([store.current, ...store.queue, ...store.visited.slice(-10)]);
  for (const [index, entry] of store.entries) {
    if (store.entries.size <= KEPT_CHATS) return;
    if (!near.has(index) && !isDirty(entry) && !isBusy(store, entry) && !entry.conflict && !entry.rejected) {
      letGo(store, index, entry);
    }
  }
}

/**
 * Let a chat go; the time that it was read counts once it is here again and decided on.
 * @param {Store} store
 * @param {number} index
 * @param {Entry} entry
 */
function letGo(store, index, entry) {
  if (entry.seconds > 0) store.timeSpent.set(index, { seconds: entry.seconds, fieldSeconds: entry.fieldSeconds });
  store.entries.delete(index);
}
