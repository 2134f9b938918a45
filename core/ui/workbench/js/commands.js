// What the reviewer can do: decisions, moves, undo, and the commands of the other files. Every key and button ends up here.
import { openWarnings } from "./advice.js";
import { askNote } from "./bars.js";
import { chatCommands } from "./chat_commands.js";
import { customerCommands } from "./customer_commands.js";
import { fieldCommands } from "./field_commands.js";
import { flushEntries } from "./form_view.js";
import { confirmRest, firstDifference, isDelta, nextUnseen, noteDecision, redo, undo, undoDecision } from "./model.js";
import { settleConflict } from "./outbox.js";
import { entryOf, goNext, goPrevious, show } from "./state.js";
import { makeTools } from "./tools.js";

/** Commands that make sense without a chat on screen. */
const ANYWHERE = new Set(["approve", "skip", "next", "previous", "undo", "help"]);

/** Fill `desk.calls` with everything that can be asked for. */
export function addCommands(desk) {
  const { store } = desk;
  const tools = makeTools(desk);
  const { entryNow } = tools;
  let inCommandMode = false;
  const fields = fieldCommands(desk, tools);
  const customers = customerCommands(desk, tools);
  const chat = chatCommands(desk, tools, fields.edit);

  /** Decide on the chat and move on; an open warning, or a difference nobody answered, takes the first approval. */
  function decide(status, note) {
    const entry = entryNow();
    if (!entry || !store.reviewer) return;
    flushEntries(desk.form);
    if (entry.conflict) {
      desk.say("先选好冲突里要留下的值", { tone: "warn" });
      return;
    }
    const before = entry.work;
    if (status === "已确认") {
      if (!entry.gate && stopAtGate(entry)) return;
      confirmRest(entry, store.form, Date.now());
    }
    noteDecision(entry, before, entry.status);
    desk.decisions.push(entry.chat.chat);
    desk.active();
    desk.courier.save(entry, status, note);
    desk.leave();
    goNext(store);
    desk.showChat();
  }

  function stopAtGate(entry) {
    const asked = isDelta(entry) ? nextUnseen(entry, store.form, desk.customer, desk.field) : null;
    const [warning] = openWarnings(entry, store.form);
    const stop = asked ? { ...asked, text: "这里新结果的值不同，还没有看" } : warning;
    if (!stop) return false;
    entry.gate = true;
    tools.visit(stop);
    desk.say(`${stop.text}。改好，或再按一次 Ctrl+Enter 照样确认`, { tone: "warn", seconds: 0 });
    return true;
  }

  /** The note's letters are text; with it done, whoever was in command mode is there again. */
  function discuss() {
    inCommandMode = desk.commandMode;
    desk.setMode(false);
    askNote(desk.bottom, true, entryNow().note);
  }

  function discussWith(note) {
    askNote(desk.bottom, false);
    desk.setMode(inCommandMode);
    if (note === null) desk.refocus();
    else decide("待讨论", note);
  }

  function settle(taken) {
    const entry = entryNow();
    desk.courier.save(entry, settleConflict(entry, store.form, taken));
    desk.draw();
    desk.refocus();
    desk.say("已按所选保存", { seconds: 4 });
  }

  function move(forward) {
    desk.active();
    desk.leave();
    desk.courier.flushDrafts();
    if (forward) goNext(store);
    else if (!goPrevious(store)) {
      desk.say("前面没有了", { seconds: 3 });
      return;
    }
    desk.showChat();
    desk.courier.reportPlace();
  }

  /** Undo the last edit of this chat; where there is none, the last decision, here or on the chat before. */
  function undoLast() {
    if (desk.form) flushEntries(desk.form);
    const entry = entryNow();
    if (entry?.decided || !entry?.undo.length) undoDecided(entry);
    else step(undo, "撤销");
  }

  function undoDecided(here) {
    if (!store.reviewer) return;
    const last = here?.decided ? here.chat.chat : desk.decisions.findLast((number) => entryOf(store, number)?.decided);
    const entry = last === undefined ? null : entryOf(store, last);
    if (!entry || entry.conflict) {
      desk.say("没有可撤销的修改", { seconds: 3 });
      return;
    }
    desk.decisions = desk.decisions.filter((number) => number !== last);
    const was = entry.status;
    const status = undoDecision(entry);
    if (store.current !== last) {
      desk.leave();
      show(store, last);
      store.visited = store.visited.filter((number) => number !== last);
    }
    desk.courier.save(entry, status, entry.note, `撤销「${was}」`, true);
    desk.showChat();
    desk.courier.reportPlace();
    desk.say(`已撤销第 ${last} 条的「${was}」`, { seconds: 6 });
  }

  function step(move, word) {
    flushEntries(desk.form);
    const entry = entryNow();
    const before = entry.work;
    if (!move(entry)) {
      desk.say(`没有可${word}的修改`, { seconds: 3 });
      return;
    }
    const where = firstDifference(before, entry.work, store.form);
    desk.courier.touch(entry);
    if (where) desk.customer = where.index;
    desk.draw();
    if (where) tools.goTo(where.key);
    desk.say("");
  }

  function wantResidue(number) {
    desk.residueWanted = desk.residueWanted === number ? null : number;
    desk.redrawResidue(number);
    desk.courier.tell("want_residue", desk.residueWanted);
  }

  const commands = {
    ...fields.commands,
    ...customers.commands,
    ...chat.commands,
    approve: () => decide("已确认"),
    skip: () => decide("已跳过"),
    discuss,
    next: () => move(true),
    previous: () => move(false),
    undo: undoLast,
    redo: () => step(redo, "重做"),
    help: () => desk.toggleHelp(desk.help.element.hidden),
  };

  /** Run a command of keys.js. */
  function run(id, number) {
    desk.active();
    if (!ANYWHERE.has(id) && (!entryNow() || !store.reviewer)) return;
    commands[id](number);
  }

  Object.assign(desk.calls, chat.calls, customers.calls, {
    run,
    discussWith,
    settle,
    wantResidue,
    digit: fields.digit,
    actions: { ...fields.actions, ...customers.actions },
  });
}
