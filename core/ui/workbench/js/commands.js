// @ts-check
// What the reviewer can do: decisions, moves, undo, and the commands of the other files. Every key and button ends up here.
/** @import { Entry, RecordStatus } from "./types.js" */
/** @import { Workbench } from "./workbench.js" */
import { openWarnings } from "./advice.js";
import { askNote } from "./bars.js";
import { chatCommands } from "./chat_commands.js";
import { customerCommands } from "./customer_commands.js";
import { fieldCommands } from "./field_commands.js";
import { confirmRest, firstDifference, isDelta, nextUnseen, noteDecision, redo, undo, undoDecision } from "./model.js";
import { settleConflict } from "./outbox.js";
import { entryOf, goNext, goPrevious, show } from "./state.js";
import { makeTools } from "./tools.js";
import { STATUS } from "./words.js";

/** Commands that make sense without a chat on screen. */
const ANYWHERE = new Set(["approve", "skip", "next", "previous", "undo", "help"]);

/**
 * Fill `workbench.calls` with everything that can be asked for.
 * @param {Workbench} workbench
 */
export function addCommands(workbench) {
  const { store } = workbench;
  const tools = makeTools(workbench);
  const { entryNow, openEntry } = tools;
  let inCommandMode = false;
  const fields = fieldCommands(workbench, tools);
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
    workbench.flush();
    if (entry.conflict) {
      workbench.say("先选好冲突里要留下的值", { tone: "warn" });
      return;
    }
    const before = entry.work;
    if (status === STATUS.CONFIRMED) {
      if (!entry.gate && stopAtGate(entry)) return;
      confirmRest(entry, store.form, Date.now());
    }
    noteDecision(entry, before, entry.status);
    workbench.decisions.push(entry.chat.chat);
    workbench.active();
    workbench.sync.save(entry, status, note);
    workbench.leave();
    goNext(store);
    workbench.showChat();
  }

  /** @param {Entry} entry */
  function stopAtGate(entry) {
    const asked = isDelta(entry) ? nextUnseen(entry, store.form, workbench.customer, workbench.field) : null;
    const [warning] = openWarnings(entry, store.form);
    const stop = asked ? { ...asked, text: "这里新结果的值不同，还没有看" } : warning;
    if (!stop) return false;
    entry.gate = true;
    tools.visit(stop);
    workbench.say(`${stop.text}。改好，或再按一次 Ctrl+Enter 照样确认`, { tone: "warn", seconds: 0 });
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
    workbench.say("已按所选保存", { seconds: 4 });
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
    workbench.say(`已撤销第 ${last} 条的「${was}」`, { seconds: 6 });
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
    workbench.say("");
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
    ...customers.commands,
    ...chat.commands,
    approve: () => decide(STATUS.CONFIRMED),
    skip: () => decide(STATUS.SKIPPED),
    discuss,
    next: () => move(true),
    previous: () => move(false),
    undo: undoLast,
    redo: () => step(redo, "重做"),
    help: () => workbench.toggleHelp(workbench.help.element.hidden),
  };

  /**
   * Run a command of keys.js.
   * @param {string} id
   * @param {number} [number]
   */
  function run(id, number) {
    workbench.active();
    if (!ANYWHERE.has(id) && (!entryNow() || !store.reviewer)) return;
    commands[id](number ?? 0);
  }

  Object.assign(workbench.calls, chat.calls, customers.calls, {
    run,
    discussWith,
    settle,
    wantResidue,
    digit: fields.digit,
    actions: { ...fields.actions, ...customers.actions },
  });
}
