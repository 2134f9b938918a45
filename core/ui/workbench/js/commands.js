// @ts-check
// What the reviewer can do: decisions, moves, undo, and the commands of the other files. Every key and button ends up here.
/** @import { Entry, RecordStatus } from "./types.js" */
/** @import { Workbench } from "./workbench.js" */
import { forgetAnswered, newStops } from "./advice.js";
import { askNote } from "./bars.js";
import { chatCommands } from "./chat_commands.js";
import { updateResidue } from "./chat_view.js";
import { focusConflict } from "./conflict_keys.js";
import { customerCommands } from "./customer_commands.js";
import { discussionCommands } from "./discussion_commands.js";
import { discussionsLeft } from "./discussions.js";
import { doubtCommands } from "./doubt_mode.js";
import { echoCommands } from "./echo_commands.js";
import { fieldCommands } from "./field_commands.js";
import { subjectAt } from "./form_words.js";
import { guardActions } from "./guard.js";
import { chordFor } from "./keys.js";
import { missedCommands } from "./missed_commands.js";
import {
  confirmRest,
  firstDifference,
  lastEditAt,
  noteDecision,
  redo,
  redoable,
  redoDecision,
  undo,
  undoDecision,
} from "./model.js";
import { confirmSettled, isJustSettled, reopenConflict, settleConflict, waitingFor } from "./outbox.js";
import { entryOf, goPrevious, show } from "./state.js";
import { makeTools } from "./tools.js";
import { STATUS } from "./words.js";

/** Commands that make sense without a chat on screen. */
const ANYWHERE = new Set(["approve", "skip", "next", "previous", "undo", "redo", "help", "echo", "echoAway"]);
/** @type {Record<string, (chat: number) => string>} */
const DECIDED = {
  [STATUS.CONFIRMED]: (chat) => `已确认第 ${chat} 条`,
  [STATUS.SKIPPED]: (chat) => `已跳过第 ${chat} 条`,
  [STATUS.DISCUSS]: (chat) => `第 ${chat} 条待讨论`,
};

/**
 * What becomes of a note that was typed and not handed in.
 * @param {string} note
 */
const noteLeft = (note) => `备注「${note}」没有提交，再点「待讨论」会带出来`;

/**
 * Fill `workbench.calls` with everything that can be asked for.
 * @param {Workbench} workbench
 */
export function addCommands(workbench) {
  const { store } = workbench;
  const tools = makeTools(workbench);
  const { entryNow, openEntry } = tools;
  const { guard } = workbench;
  const UNDO = { label: `撤销 ${chordFor("undo")}`, run: () => workbench.calls.run("undo") };
  const REDO = { label: `重做 ${chordFor("redo")}`, run: () => workbench.calls.run("redo") };
  let inCommandMode = false;
  /** @type {number | null} the chat at which a key began to be held */
  let heldAt = null;
  const fields = fieldCommands(workbench, tools);
  const missed = missedCommands(workbench, tools);
  const customers = customerCommands(workbench, tools);
  const chat = chatCommands(workbench, tools, fields.edit);
  const doubts = doubtCommands(workbench, tools);
  const echo = echoCommands(workbench, tools);
  const talk = discussionCommands(workbench, tools);

  /**
   * Decide on the chat and move on; an open warning, or a difference nobody answered, takes the first approval.
   * @param {RecordStatus} status
   * @param {string} [note]
   */
  function decide(status, note) {
    const entry = entryNow();
    if (!entry || !store.reviewer) return;
    if (!guard.mayDecide()) return;
    workbench.flush();
    if (entry.conflict) {
      focusConflict(workbench);
      workbench.say("先选好冲突里要留下的值", { tone: "warn", seconds: 0 });
      return;
    }
    const before = entry.work;
    if (status === STATUS.CONFIRMED) {
      if (stopAtGate(entry)) return;
      confirmRest(entry, store.form, Date.now());
    }
    noteDecision(entry, before, entry.status);
    send(entry, status, note);
  }

  /**
   * Save a decision and move on.
   * @param {Entry} entry
   * @param {RecordStatus} status
   * @param {string} [note]
   */
  function send(entry, status, note) {
    const { chat } = entry.chat;
    workbench.decisions.push({ chat, at: Date.now() });
    workbench.active();
    entry.folded = workbench.doubts.neverShown(entry, store.form, here());
    workbench.sync.save(entry, status, note);
    const left = workbench.leave();
    const walked = echo.onward();
    const talks = status === STATUS.CONFIRMED ? discussionsLeft(entry) : "";
    const more = [talks, left ? noteLeft(left) : ""].filter(Boolean).join("；");
    workbench.answer(`${DECIDED[status]?.(chat) ?? ""}${more ? `（${more}）` : ""}${walked}`, {
      ...UNDO,
      run: () => undoDecided(chat),
    });
    workbench.showChat();
  }

  const here = () => ({ index: workbench.customer, key: workbench.field });

  /**
   * Stop an approval where something is open that was not shown yet, and go there.
   * @param {Entry} entry
   * @param {string} [lead] what is said before it
   */
  function stopAtGate(entry, lead = "") {
    const stops = newStops(entry, store.form, here());
    const [stop] = stops;
    if (!stop) return false;
    entry.shown = [...entry.shown, ...stops.map(({ id }) => id)];
    workbench.arrival.stop();
    if (stop.message === null) tools.visit(stop, true);
    else missed.showPlace(stop.message);
    const talks = stop.isTalk ? 0 : stops.filter(({ isTalk }) => isTalk).length;
    const more = stops.length > 1 ? `（共 ${stops.length} 处${talks ? `，其中 ${talks} 处讨论等您` : ""}）` : "";
    const tail = `改好，或再按一次 ${chordFor("approve")} 照样确认`;
    workbench.say(`${lead}${stop.text}${more}。`, { tone: "warn", tail, seconds: 0 });
    return true;
  }

  /** The note's letters are text; with it done, whoever was in command mode is there again. */
  function discuss() {
    inCommandMode = workbench.commandMode;
    workbench.setMode(false);
    const entry = openEntry();
    askNote(workbench.bottom, true, entry.unsentNote ?? entry.note);
  }

  /** @param {string | null} note */
  function discussWith(note) {
    if (note !== null && !guard.mayDecide()) return;
    delete openEntry().unsentNote;
    askNote(workbench.bottom, false);
    workbench.setMode(inCommandMode);
    if (note === null) workbench.refocus();
    else decide(STATUS.DISCUSS, note);
  }

  /**
   * @param {Set<string>} taken
   * @param {boolean} isClick
   */
  function settle(taken, isClick) {
    if (!guard.maySettle(isClick)) return;
    const entry = openEntry();
    const status = settleConflict(entry, store.form, taken);
    // What both sides make together nobody has seen yet: it is approved as any chat is, or is a draft until then.
    const isStopped = status === STATUS.CONFIRMED && newStops(entry, store.form, here()).length > 0;
    if (status === STATUS.CONFIRMED && !isStopped) confirmSettled(entry, store.form, Date.now());
    workbench.sync.save(entry, isStopped ? STATUS.DRAFT : status);
    workbench.draw();
    workbench.refocus();
    if (isStopped) stopAtGate(entry, "已按所选存为草稿：");
    else workbench.answer("已按所选保存", UNDO);
  }

  /** @param {boolean} forward */
  function move(forward) {
    workbench.active();
    const { current } = store;
    const left = workbench.leave();
    workbench.sync.flushDrafts();
    const walked = forward ? echo.onward() : "";
    if (!forward && !goPrevious(store)) {
      workbench.say("前面没有了", { seconds: 3 });
      workbench.refocus();
      return;
    }
    if (left) workbench.say(`第 ${current} 条：${noteLeft(left)}${walked}`, { tone: "warn", seconds: 0 });
    else workbench.say(walked.replace(/^ · /, ""), { seconds: 0 });
    workbench.showChat(true);
    workbench.sync.reportPlace();
  }

  /**
   * Go to a chat of this dataset, wherever it stands in the queue.
   * @param {number} number
   */
  function openChat(number) {
    workbench.active();
    const { current } = store;
    if (number === current) return workbench.refocus();
    const left = workbench.leave();
    workbench.sync.flushDrafts();
    show(store, number);
    workbench.say(left ? `第 ${current} 条：${noteLeft(left)}` : "", { tone: "warn", seconds: 0 });
    workbench.showChat(true);
    workbench.sync.reportPlace();
  }

  /**
   * Whether a held key goes on where it began: it stops at the border of a chat, and takes no decision with it.
   * @param {boolean} isRepeat
   */
  function staysHere(isRepeat) {
    if (!isRepeat) heldAt = store.current;
    return !isRepeat || heldAt === store.current;
  }

  /** Undo what was done last: the last edit of this chat, or the last decision, here or on another chat. */
  function undoLast(isRepeat = false) {
    if (!staysHere(isRepeat)) return;
    workbench.flush();
    const entry = entryNow();
    const elsewhere = workbench.decisions.findLast(({ chat: number }) => entryOf(store, number)?.decided);
    const isOfEdit = Boolean(entry?.undo.length) && !entry?.decided && (elsewhere?.at ?? 0) <= lastEditAt(entry);
    if ((isRepeat && !isOfEdit) || !guard.mayUndo(!isOfEdit)) return;
    if (entry && isJustSettled(entry)) reopen(entry);
    else if (isOfEdit) step(undo, "撤销");
    else undoDecided(entry?.decided ? entry.chat.chat : elsewhere?.chat);
  }

  /**
   * Open a conflict again that was just settled.
   * @param {Entry} entry
   */
  function reopen(entry) {
    if (waitingFor(store.outbox, entry.chat.chat).length) {
      workbench.say("刚才所选的还在保存，存好后再撤销", { seconds: 3 });
      return;
    }
    reopenConflict(entry);
    workbench.sync.touch(entry);
    workbench.draw();
    focusConflict(workbench);
    workbench.say("冲突又打开了：存着的还是刚才所选的，重新选好再保存", { tone: "warn", seconds: 0 });
  }

  /**
   * Take the decision on a chat back.
   * @param {number | undefined} last
   */
  function undoDecided(last) {
    if (!store.reviewer) return;
    const entry = last === undefined ? null : entryOf(store, last);
    if (last === undefined || !entry?.decided || entry.conflict) {
      workbench.say("没有可撤销的修改", { seconds: 3 });
      return;
    }
    workbench.decisions = workbench.decisions.filter(({ chat: number }) => number !== last);
    const was = entry.status;
    const status = undoDecision(entry) ?? was;
    if (store.current !== last) {
      workbench.leave();
      show(store, last);
      store.visited = store.visited.filter((number) => number !== last);
    }
    workbench.sync.save(entry, status, entry.note, `撤销「${was}」`, true);
    workbench.showChat(true);
    workbench.sync.reportPlace();
    workbench.answer(`已撤销第 ${last} 条的「${was}」`, REDO);
  }

  /** Do again what was undone last: an edit, else the decision on this chat. */
  function redoLast(isRepeat = false) {
    if (!staysHere(isRepeat)) return;
    workbench.flush();
    const entry = entryNow();
    if (!entry) return;
    const undone = store.reviewer && !entry.conflict ? redoable(entry) : null;
    if (undone) redoDecided(entry, undone.status, isRepeat);
    else step((one) => redo(one, Date.now()), "重做");
  }

  /**
   * Make a decision again: what stopped it before and is there still does not stop it again.
   * @param {Entry} entry
   * @param {RecordStatus} status
   * @param {boolean} isRepeat
   */
  function redoDecided(entry, status, isRepeat) {
    if (isRepeat || !guard.mayDecide()) return;
    entry.shown = [...entry.shown, ...(entry.undone?.shown ?? [])];
    if (status === STATUS.CONFIRMED && stopAtGate(entry)) return;
    const again = redoDecision(entry);
    if (again) send(entry, again.status, again.note);
  }

  /**
   * @param {(entry: Entry) => boolean} move
   * @param {string} word
   */
  function step(move, word) {
    workbench.flush();
    const entry = openEntry();
    const before = entry.work;
    if (!move(entry)) {
      workbench.say(`没有可${word}的修改`, { seconds: 3 });
      return;
    }
    const where = firstDifference(before, entry.work, store.form);
    forgetAnswered(entry, store.form);
    workbench.sync.touch(entry);
    if (where) workbench.customer = where.index;
    workbench.draw();
    if (where) tools.goTo(where.key, true);
    const label = store.form.fields.find((field) => field.key === where?.key)?.label;
    const what = label
      ? `：${entry.work.length > 1 ? `${subjectAt(store.form, workbench.customer)} ` : ""}${label}`
      : "";
    if (word === "撤销") workbench.answer(`已撤销${what}`, REDO);
    else workbench.answer(`已重做${what}`, UNDO);
  }

  /** @param {number} number */
  function wantResidue(number) {
    workbench.residueWanted = workbench.residueWanted === number ? null : number;
    const pane = workbench.panes.get(number);
    const entry = entryOf(store, number);
    if (pane && entry) updateResidue(pane, entry.chat, workbench.residueWanted === number);
    workbench.sync.tell("want_residue", workbench.residueWanted);
  }

  /** @type {Record<string, (number: number, isRepeat: boolean) => void>} */
  const commands = {
    ...fields.commands,
    ...missed.commands,
    ...customers.commands,
    ...chat.commands,
    ...doubts.commands,
    ...echo.commands,
    ...talk.commands,
    approve: () => decide(STATUS.CONFIRMED),
    skip: () => decide(STATUS.SKIPPED),
    discuss,
    next: () => move(true),
    previous: () => move(false),
    undo: (_, isRepeat) => undoLast(isRepeat),
    redo: (_, isRepeat) => redoLast(isRepeat),
    conflict: () => {
      if (!focusConflict(workbench)) workbench.say("这一条没有冲突", { seconds: 3 });
    },
    help: () => workbench.toggleHelp(workbench.help.element.hidden),
  };

  /**
   * Run a command of keys.js.
   * @param {string} id
   * @param {number} [number]
   * @param {boolean} [isRepeat] whether its key is held
   */
  function run(id, number, isRepeat) {
    workbench.active();
    if (!ANYWHERE.has(id) && (!entryNow() || !store.reviewer)) return;
    if (!guard.mayRun(id)) return;
    commands[id](number ?? 0, isRepeat ?? false);
  }

  Object.assign(workbench.calls, chat.calls, customers.calls, doubts.calls, talk.calls, {
    run,
    discussWith,
    openChat,
    drawEcho: echo.draw,
    settle,
    wantResidue,
    digit: fields.digit,
    actions: guardActions(
      { ...fields.actions, ...missed.actions, ...customers.actions, ...doubts.actions, ...talk.actions },
      guard,
    ),
  });
}
