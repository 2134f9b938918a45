// @ts-check
// Carries work to the server: journal first, then the outbox as state, again where no answer comes. No DOM.
/** @import { Effects, Entry, KeptDraft, PendingSave, RecordStatus, Store, SyncOptions, Typing, WorkbenchSent } from "./types.js" */
import { makeJournal } from "./journal.js";
import { backToSettled, isDirty } from "./model.js";
import { ALONE } from "./open_pages.js";
import { DRAFT, draftOf, makeSave, mayDraft, PATIENCE, saveOfDraft, saveState, waitingFor } from "./outbox.js";
import { STATUS } from "./words.js";

const DRAFT_PAUSE = 400;
/** Milliseconds after which a save without an answer is worth a sentence. */
const SLOW = 2500;
/** A claim on a chat lasts three minutes; it is renewed each minute while somebody was seen in the last ten. */
const BEAT = 60_000;
const PRESENT = 600_000;
/** How often a database that was away is looked for, somebody there or not. */
const OFFLINE_BEAT = 5_000;
/** How often somebody at the end of the queue hears of chats that others left or brought. */
const END_BEAT = 10_000;

/**
 * Run something as soon as the present work is done; returns what calls it off.
 * @param {() => void} run
 */
function soon(run) {
  const timer = setTimeout(run, 0);
  return () => clearTimeout(timer);
}

/**
 * Make the sync of a store. `emit(name, value)` sets component state, `onChange()` is called where the save state may
 * have changed by itself. `whenPainted(run)` puts something off until the screen shows what was drawn last: a decision lies in
 * the journal and can wait for the next chat. All that is handed in, so that node can test it.
 * @param {Store} store
 * @param {SyncOptions} options
 */
export function makeSync(
  store,
  { emit, storage, clock, makeId, onChange, whenPainted = soon, pages = ALONE, onLeft = () => {} },
) {
  /** @type {Map<string, ReturnType<typeof makeJournal>>} */
  const journals = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let callOffSending = () => {};
  let isToSend = false;
  /** @type {number | null} */
  let reportedAt = null;
  let restored = "";
  let isStopped = false;
  let spoke = clock();
  /** @type {string[]} ids of the saves in the component's state: all of it travels with whatever is told */
  let told = [];

  /**
   * Set component state; the server answers each with a sync. A settled save does not travel a second time.
   * @template {keyof WorkbenchSent} Name
   * @param {Name} name
   * @param {WorkbenchSent[Name]} value
   */
  function tell(name, value) {
    dropSettled();
    spoke = clock();
    emit(name, value);
  }

  /** Take saves that were answered out of the component's state; false where there are none. */
  function dropSettled() {
    if (told.every((id) => store.outbox.some((save) => save.save_id === id))) return false;
    tellOutbox();
    return true;
  }

  function tellOutbox() {
    spoke = clock();
    told = store.outbox.map((save) => save.save_id);
    emit(
      "outbox",
      store.outbox.map(({ sent, agreed, ...save }) => save),
    );
  }

  /**
   * Somebody only reads: say that they are still here. `seen` is when they last moved, typed or scrolled.
   * @param {number} seen
   */
  function beat(seen) {
    const now = clock();
    const pause = store.offline ? OFFLINE_BEAT : store.waiting === "end" ? END_BEAT : BEAT;
    if (!store.reviewer || now - spoke < pause) return;
    if (!store.offline && now - seen >= PRESENT) return;
    if (!dropSettled()) tell("beat", now);
  }

  /**
   * Ask for the messages of chats that came without.
   * @param {number[]} chats
   */
  function askTexts(chats) {
    if (chats.length) tell("want_texts", [clock(), ...chats]);
  }

  /** The journal of the dataset, person and kind of review that are on screen. */
  function journal() {
    const { dataset, reviewer, review } = store;
    const name = JSON.stringify([dataset.id, reviewer, review]);
    const kept = journals.get(name) ?? makeJournal(storage, dataset.id, reviewer, review, pages.id);
    journals.set(name, kept);
    return kept;
  }

  /**
   * Bring back what a reload, a crash or a lost connection left in the browser, once per journal. What is half typed on
   * another page that is open stays there.
   * @returns {PendingSave[]}
   */
  function restore() {
    const { reviewer, review } = store;
    const kept = journal();
    if (!reviewer || restored === kept.prefix) return [];
    restored = kept.prefix;
    const now = clock();
    const own = kept.saves().filter((save) => save.reviewer === reviewer);
    const saves = own.map((save) => ({ ...save, sent: now, tries: 1 }));
    const elsewhere = [];
    for (const draft of kept.drafts()) {
      const isElsewhere = kept.isElsewhere(draft);
      if (isElsewhere) elsewhere.push(draft);
      if (isElsewhere || isInWork(draft.chat)) continue;
      const save = saveOfDraft(draft, { id: makeId(), reviewer, review, now });
      kept.putSave(save);
      kept.dropDraft(draft.chat, draft.page);
      saves.push(save);
    }
    const fresh = saves.filter(({ save_id }) => store.outbox.every((save) => save.save_id !== save_id));
    store.outbox = [...store.outbox, ...fresh].sort((a, b) => a.made - b.made);
    if (fresh.length) send();
    if (elsewhere.length) takeLeft(elsewhere);
    return fresh;
  }

  /**
   * Whether a chat is under the reviewer's hands here: what another page left of it waits for the next page.
   * @param {number} chat
   */
  function isInWork(chat) {
    const entry = store.entries.get(chat);
    if (!entry) return false;
    return (
      isDirty(entry) || entry.typing !== null || entry.conflict !== null || waitingFor(store.outbox, chat).length > 0
    );
  }

  /**
   * Go on with the drafts of pages that are gone and could not say so (a crash).
   * @param {KeptDraft[]} drafts
   */
  async function takeLeft(drafts) {
    const kept = journal();
    const open = await pages.openOf(drafts.map(({ page }) => page));
    const left = drafts.filter(({ page }) => !open.has(page));
    for (const draft of left) kept.release(draft);
    if (!left.length || isStopped || restored !== kept.prefix) return;
    restored = "";
    onLeft();
  }

  /**
   * Send soon: the outbox first, so that the server saves before it prefetches.
   * @param {(run: () => void) => () => void} when
   */
  function send(when = soon) {
    callOffSending();
    isToSend = true;
    callOffSending = when(() => {
      isToSend = false;
      tellOutbox();
      reportPlace();
    });
  }

  function reportPlace() {
    const at = store.current ?? reportedAt;
    if (isToSend || at === null || at === reportedAt) return;
    reportedAt = at;
    tell("at", at);
  }

  /**
   * Save a chat with a decision (or as a draft) and send it.
   * @param {Entry} entry
   * @param {RecordStatus} status
   * @param {string} [note]
   */
  function save(entry, status, note, reason = "", undo = false) {
    const made = makeSave(entry, store.form, {
      id: makeId(),
      status,
      note,
      reason,
      undo,
      reviewer: store.reviewer,
      review: store.review,
      now: clock(),
    });
    store.outbox.push(made);
    const isOpen = status === DRAFT || status === STATUS.UNREVIEWED;
    if (undo && isOpen) store.decided.delete(made.chat);
    else if (!isOpen) store.decided.add(made.chat);
    journal().putSave(made);
    keepDraft(entry);
    send(status === DRAFT ? soon : whenPainted);
    return made;
  }

  /**
   * The journal holds a draft while something of the chat is in no save: an edit, or text in a free entry.
   * @param {Entry} entry
   */
  function keepDraft(entry) {
    if (isDirty(entry) || entry.typing) journal().putDraft(draftOf(entry, store.form, clock()));
    else journal().dropDraft(entry.chat.chat);
  }

  /**
   * Text stands in a free entry, or not any more (null): the journal knows it, the server gets it once it is entered.
   * @param {Entry} entry
   * @param {Typing | null} typing
   */
  function touchEntry(entry, typing) {
    if (!typing && !entry.typing) return;
    entry.typing = typing;
    keepDraft(entry);
  }

  /**
   * An edit happened: it lies in the journal before anything else, and becomes a draft after a pause.
   * @param {Entry} entry
   */
  function touch(entry) {
    keepDraft(entry);
    clearTimeout(timer);
    timer = setTimeout(flushDrafts, DRAFT_PAUSE);
  }

  function flushDrafts() {
    clearTimeout(timer);
    for (const entry of store.entries.values()) if (mayDraft(entry, store.outbox) && !entry.rejected) saveDraft(entry);
    onChange();
  }

  /**
   * Save a chat as a draft; where undo has led back to what it was before, as that. A delta draft leaves it what it was
   * by itself.
   * @param {Entry} entry
   */
  function saveDraft(entry) {
    const before = store.review.startsWith("delta:") ? null : backToSettled(entry);
    if (before) save(entry, before.status, before.note, "撤销全部修改", true);
    else save(entry, DRAFT);
  }

  /**
   * Answers came: drop what is settled, and send what was edited meanwhile.
   * @param {Effects} effects
   */
  function settle(effects) {
    for (const id of effects.settled) for (const kept of journals.values()) kept.dropSave(id);
    for (const chat of effects.cleaned) if (!store.entries.get(chat)?.typing) journal().dropDraft(chat);
    for (const entry of store.entries.values()) {
      if (entry.conflict || entry.rejected) journal().putDraft(draftOf(entry, store.form, clock()));
    }
    if ([...store.entries.values()].some((entry) => mayDraft(entry, store.outbox) && !entry.rejected)) {
      clearTimeout(timer);
      timer = setTimeout(flushDrafts, DRAFT_PAUSE);
    }
  }

  /** Send again what got no answer in time; `force` does not wait for that. */
  function retry(force = false) {
    const now = clock();
    const late = store.outbox.filter((item) => force || now - item.sent > PATIENCE);
    for (const item of late) Object.assign(item, { sent: now, tries: item.tries + 1 });
    if (late.length) send();
  }

  /** Say everything again: a new element on the page starts with nothing of what the old one had sent. */
  function repeat() {
    reportedAt = null;
    retry(true);
    reportPlace();
  }

  return {
    pages,
    restore,
    send,
    tell,
    reportPlace,
    beat,
    askTexts,
    save,
    touch,
    touchEntry,
    flushDrafts,
    settle,
    retry,
    repeat,
    state: () => saveState(store.outbox, [...store.entries.values()], clock()),
    hasWork: () =>
      store.outbox.length > 0 || [...store.entries.values()].some((entry) => isDirty(entry) || entry.typing),
    /** Whether something was sent and the server has not answered for longer than it usually takes. */
    isLate: () => store.outbox.some((item) => clock() - item.sent > SLOW || item.tries > 1),
    isJournalBroken: () => [...journals.values()].some((kept) => kept.isBroken()),
    stop() {
      isStopped = true;
      clearTimeout(timer);
      callOffSending();
    },
  };
}
