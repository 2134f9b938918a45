// @ts-check
// What the reviewer can do: decisions, moves, undo, and the commands of the other files. Every key and button ends up here.
/** @import { Entry, RecordStatus } from "./types.js" */
/** @import { Workbench } from "./workbench.js" */
import { approvalStops } from "./advice.js";
import { askNote } from "./bars.js";
import { chatCommands } from "./chat_commands.js";
import { focusConflict } from "./conflict_keys.js";
import { customerCommands } from "./customer_commands.js";
import { fieldCommands } from "./field_commands.js";
import { chordFor } from "./keys.js";
import { missedCommands } from "./missed_commands.js";
import {
  confirmRest,
  firstDifference,
  isDelta,
  nextUnseen,
  noteDecision,
  redo,
  redoDecision,
  undo,
  undoDecision,
} from "./model.js";
import { settleConflict } from "./outbox.js";
import { entryOf, goNext, goPrevious, show } from "./state.js";
import { makeTools } from "./tools.js";
import { STATUS } from "./words.js";

/** Commands that make sense without a chat on screen. */
const ANYWHERE = new Set(["approve", "skip", "next", "previous", "undo", "redo", "help"]);
/** Milliseconds for which a decision does not count a second time on the chat that it led to. */
const TOO_SOON = 400;
/** @type {Record<string, (chat: number) => string>} */
const DECIDED = {
  [STATUS.CONFIRMED]: (chat) => `已确认第 ${chat} 条`,
  [STATUS.SKIPPED]: (chat) => `已跳过第 ${chat} 条`,
  [STATUS.DISCUSS]: (chat) => `第 ${chat} 条待讨论`,
};

/**
 * Fill `workbench.calls` with everything that can be asked for.
 * @param {Workbench} workbench
 */
export function addCommands(workbench) {
  const { store } = workbench;
  const tools = makeTools(workbench);
  const { entryNow, openEntry } = tools;
  const REDO = { label: `重做 ${chordFor("redo")}`, run: () => workbench.calls.run("redo") };
  let inCommandMode = false;
  const fields = fieldCommands(workbench, tools);
  const missed = missedCommands(workbench, tools);
  const customers = customerCommands(workbench, tools);
  const chat = chatCommands(workbench, tools, fields.edit);

  /**
   * Decide on the chat and move on; an open warning, or a difference nobody answered, takes the first approval.
   * @param {RecordStatus} status
   * @param {string} [note]
   */
  function decide(status, note) {
    const entry = entryNow();
    if (!entry || !store.reviewer) return;
    const { arrival } = workbench;
    // A key that was hit twice: nobody has seen yet what it would decide on.
    if (arrival.status === status && performance.now() - arrival.at < TOO_SOON) return;
    workbench.flush();
    if (entry.conflict) {
      focusConflict(workbench);
      workbench.say("先选好冲突里要留下的值", { tone: "warn", seconds: 0 });
      return;
    }
    const before = entry.work;
    if (status === STATUS.CONFIRMED) {
      if (!entry.gate && stopAtGate(entry)) return;
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
    workbench.decisions.push(chat);
    workbench.active();
    workbench.sync.save(entry, status, note);
    workbench.leave();
    goNext(store);
    workbench.showChat();
    workbench.arrival = { status, at: performance.now() };
    workbench.answer(DECIDED[status]?.(chat) ?? "");
  }

  /**
   * Stop before the first approval where something is open, and go there.
   * @param {Entry} entry
   */
  function stopAtGate(entry) {
    const asked = isDelta(entry) ? nextUnseen(entry, store.form, workbench.customer, workbench.field) : null;
    const stops = approvalStops(entry, store.form);
    const [stop] = asked ? [{ ...asked, text: "这里新结果的值不同，还没有看", message: null }] : stops;
    if (!stop) return false;
    entry.gate = true;
    if (stop.message === null) tools.visit(stop);
    else missed.showPlace(stop.message);
    const more = stops.length > 1 && !asked ? `（共 ${stops.length} 处）` : "";
    workbench.say(`${stop.text}${more}。改好，或再按一次 Ctrl+Enter 照样确认`, { tone: "warn", seconds: 0 });
    return true;
  }

  /** The note's letters are text; with it done, whoever was in command mode is there again. */
  function discuss() {
    inCommandMode = workbench.commandMode;
    workbench.setMode(false);
    askNote(workbench.bottom, true, openEntry().note);
  }

  /** @param {string | null} note */
  function discussWith(note) {
    askNote(workbench.bottom, false);
    workbench.setMode(inCommandMode);
    if (note === null) workbench.refocus();
    else decide(STATUS.DISCUSS, note);
  }

  /** @param {Set<string>} taken */
  function settle(taken) {
    const entry = openEntry();
    workbench.sync.save(entry, settleConflict(entry, store.form, taken));
    workbench.draw();
    workbench.refocus();
    workbench.answer("已按所选保存");
  }

  /** @param {boolean} forward */
  function move(forward) {
    workbench.active();
    workbench.leave();
    workbench.sync.flushDrafts();
    if (forward) goNext(store);
    else if (!goPrevious(store)) {
      workbench.say("前面没有了", { seconds: 3 });
      return;
    }
    workbench.showChat();
    workbench.sync.reportPlace();
  }

  /** Undo the last edit of this chat; where there is none, the last decision, here or on the chat before. */
  function undoLast() {
    workbench.flush();
    const entry = entryNow();
    if (entry?.decided || !entry?.undo.length) undoDecided(entry);
    else step(undo, "撤销");
  }

  /** @param {Entry | null} here */
  function undoDecided(here) {
    if (!store.reviewer) return;
    const last = here?.decided
      ? here.chat.chat
      : workbench.decisions.findLast((number) => entryOf(store, number)?.decided);
    const entry = last === undefined ? null : entryOf(store, last);
    if (last === undefined || !entry || entry.conflict) {
      workbench.say("没有可撤销的修改", { seconds: 3 });
      return;
    }
    workbench.decisions = workbench.decisions.filter((number) => number !== last);
    const was = entry.status;
    const status = undoDecision(entry) ?? was;
    if (store.current !== last) {
      workbench.leave();
      show(store, last);
      store.visited = store.visited.filter((number) => number !== last);
    }
    workbench.sync.save(entry, status, entry.note, `撤销「${was}」`, true);
    workbench.showChat();
    workbench.sync.reportPlace();
    workbench.answer(`已撤销第 ${last} 条的「${was}」`, REDO);
  }

  /** Do again what was undone last: an edit, else the decision on this chat. */
  function redoLast() {
    workbench.flush();
    const entry = entryNow();
    if (!entry) return;
    const again = store.reviewer && !entry.conflict ? redoDecision(entry) : null;
    if (again) send(entry, again.status, again.note);
    else step(redo, "重做");
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
    workbench.sync.touch(entry);
    if (where) workbench.customer = where.index;
    workbench.draw();
    if (where) tools.goTo(where.key);
    const label = store.form.fields.find((field) => field.key === where?.key)?.label;
    const what = label ? `：${entry.work.length > 1 ? `客户 ${workbench.customer + 1} ` : ""}${label}` : "";
    if (word === "撤销") workbench.answer(`已撤销${what}`, REDO);
    else workbench.answer(`已重做${what}`);
  }

  /** @param {number} number */
  function wantResidue(number) {
    workbench.residueWanted = workbench.residueWanted === number ? null : number;
    workbench.redrawResidue(number);
    workbench.sync.tell("want_residue", workbench.residueWanted);
  }

  /** @type {Record<string, (number: number) => void>} */
  const commands = {
    ...fields.commands,
    ...missed.commands,
    ...customers.commands,
    ...chat.commands,
    approve: () => decide(STATUS.CONFIRMED),
    skip: () => decide(STATUS.SKIPPED),
    discuss,
    next: () => move(true),
    previous: () => move(false),
    undo: undoLast,
    redo: redoLast,
    conflict: () => {
      if (!focusConflict(workbench)) workbench.say("这一条没有冲突", { seconds: 3 });
    },
    help: () => workbench.toggleHelp(workbench.help.element.hidden),
  };

  /**
   * Run a command of keys.js.
   * @param {string} id
   * @param {number} [number]
   */
  function run(id, number) {
    workbench.active();
    if (id !== "approve" && id !== "skip") workbench.arrival.status = "";
    if (!ANYWHERE.has(id) && (!entryNow() || !store.reviewer)) return;
    commands[id](number ?? 0);
  }

  Object.assign(workbench.calls, chat.calls, customers.calls, {
    run,
    discussWith,
    settle,
    wantResidue,
    digit: fields.digit,
    actions: { ...fields.actions, ...missed.actions, ...customers.actions },
  });
}
