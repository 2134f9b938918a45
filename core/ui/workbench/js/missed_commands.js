// @ts-check
// Commands about what was missed: the first key shows where it was said and whose field it would fill, the second fills.
/** @import { Missed, Tools } from "./types.js" */
/** @import { Workbench } from "./workbench.js" */
import { revealIn } from "./chat_view.js";
import { subjectAt } from "./form_words.js";
import { chordOf } from "./keys.js";
import { openMenu } from "./menus.js";
import {
  dismiss,
  givesWay,
  isOwnerUnclear,
  openMissed,
  placeText,
  takeMissed,
  takeUpAgain,
  targetsOf,
} from "./missed.js";
import { valueText } from "./values.js";

/**
 * Commands and form actions about what was missed.
 * @param {Workbench} workbench
 * @param {Tools} tools
 */
export function missedCommands(workbench, tools) {
  const { store } = workbench;
  const { openEntry } = tools;
  const labelOf = (/** @type {string} */ key) => store.form.fields.find((field) => field.key === key)?.label ?? key;

  /**
   * Bring the place into view where something was said, and light it; returns what takes the light away.
   * @param {number} message
   * @param {string} [id]
   */
  function showPlace(message, id = "") {
    const pane = workbench.panes.get(store.current);
    const row = workbench.calls.setCursor(message);
    if (pane && row) revealIn(pane, row);
    const lit = (pane?.marks ?? []).filter((mark) => mark.ids.includes(id)).map((mark) => mark.element);
    for (const element of lit) element.classList.add("offered");
    return () => lit.forEach((element) => element.classList.remove("offered"));
  }

  /**
   * @param {Missed} one
   * @param {number | null} target
   */
  function targetText(one, target) {
    const whose = target === null ? `新${store.form.subject}` : subjectAt(store.form, target);
    const old = givesWay(openEntry(), store.form, one, target);
    return `${whose} ${labelOf(one.key)}${old ? `（替换「${old}」）` : ""}`;
  }

  /**
   * Show what was missed and where it would go; the same key again, Enter or a digit fills it in.
   * @param {string | null} id null: the first one
   */
  function offer(id) {
    workbench.flush();
    const open = openMissed(openEntry());
    const one = open.find((other) => other.id === id) ?? open[0];
    if (!one) {
      workbench.say("没有漏掉的内容", { seconds: 3 });
      return;
    }
    const putOut = showPlace(one.message, one.id);
    const targets = targetsOf(openEntry(), store.form, one, workbench.customer);
    const items = targets.map((target) => ({
      label: targetText(one, target),
      hint: target === null ? "" : valueText(openEntry().work[target].values[store.form.name_field]),
      run: () => fill(one, target),
    }));
    const isUnclear = isOwnerUnclear(openEntry(), store.form, one);
    if (isUnclear) items.unshift({ label: "没说是谁的：先放着", hint: "", run: () => {} });
    const onKey = (/** @type {KeyboardEvent} */ event) => {
      const chord = chordOf(event);
      if (chord !== "F" && chord !== "Alt+F" && chord !== "H" && chord !== "Alt+H") return false;
      if (!workbench.guard.mayPick()) return true;
      close();
      if (chord.endsWith("F")) items[0].run();
      else wave(one);
      return true;
    };
    const onClose = () => {
      putOut();
      workbench.say("");
    };
    const title = `${placeText(openEntry(), store.form, one)} → ${isUnclear ? `哪位${store.form.subject}？` : items[0].label}`;
    const choice = isUnclear ? "按数字选是谁的" : "再按一次 F 或回车填入";
    const how = `「${one.value}」：${choice}，H 不用填，Esc 放着`;
    const clear = workbench.view.parts.get(one.key)?.row;
    const close = openMenu(workbench, title, items, workbench.view.footer.missed, { onKey, onClose, clear, how });
    workbench.say(how, { seconds: 0 });
  }

  /**
   * @param {Missed} one
   * @param {number | null} target
   */
  function fill(one, target) {
    let index = workbench.customer;
    tools.change((entry) => {
      index = takeMissed(entry, store.form, one, target, Date.now());
    });
    tools.visit({ index, key: one.key }, true);
    workbench.answer(`「${one.value}」填入了${subjectAt(store.form, index)} 的${labelOf(one.key)}`);
  }

  /** @param {Missed} one */
  function wave(one) {
    const entry = openEntry();
    dismiss(entry, one);
    workbench.draw();
    const run = () => {
      takeUpAgain(entry, one);
      workbench.draw();
      workbench.say("");
    };
    workbench.answer(`「${one.value}」不用填`, { label: "放回去", run });
  }

  function dismissFirst() {
    const [one] = openMissed(openEntry());
    if (one) wave(one);
    else workbench.say("没有漏掉的内容", { seconds: 3 });
  }

  return {
    showPlace,
    commands: { missed: () => offer(null), dismiss: dismissFirst },
    actions: { takeMissed: offer, dismiss: dismissFirst },
  };
}
