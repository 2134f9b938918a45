// @ts-check
// Commands about fields: edit, confirm, walk, take another value.
/** @import { Tools, Value } from "./types.js" */
/** @import { Workbench } from "./workbench.js" */
import { nextAlternative } from "./advice.js";
import { comparedText } from "./compared.js";
import { isFolded } from "./doubt_mode.js";
import { nextDoubt } from "./doubts.js";
import { subjectAt } from "./form_words.js";
import {
  acceptDelta,
  confirmationOf,
  confirmField,
  confirmRest,
  editField,
  isDelta,
  nextUnseen,
  takeBack,
} from "./model.js";
import { isEmpty, ONE_BY_ONE, UNSEEN, valueText } from "./values.js";

/**
 * Commands and form actions about fields.
 * @param {Workbench} workbench
 * @param {Tools} tools
 */
export function fieldCommands(workbench, tools) {
  const { store } = workbench;
  const { openEntry, change, goTo, visit } = tools;

  const labelOf = (/** @type {string} */ key) => store.form.fields.find((field) => field.key === key)?.label ?? key;

  /**
   * @param {string} key
   * @param {Value} written
   * @param {boolean} typed
   */
  function edit(key, written, typed) {
    const value = typeof written === "string" && isEmpty(written) ? "" : written; // blanks are no value
    change((entry) => {
      if (JSON.stringify(entry.work[workbench.customer].values[key] ?? "") === JSON.stringify(value)) return;
      editField(entry, workbench.customer, key, value, Date.now(), typed);
    });
  }

  /**
   * Somebody types into the free entry of a choice: it lies in the journal as if it had been entered.
   * @param {string} key
   * @param {string} text
   */
  function entering(key, text) {
    const entry = tools.entryNow();
    if (!entry || !store.reviewer) return;
    workbench.active();
    workbench.sync.touchEntry(entry, text ? { uid: entry.work[workbench.customer].uid, key, text } : null);
    workbench.drawBars();
  }

  /**
   * Go to the field after this one (or before) that is in sight; after the last, to the next customer with any.
   * @param {string} key
   * @param {number} step
   */
  function walk(key, step) {
    const entry = openEntry();
    const { form } = store;
    for (let index = workbench.customer; index >= 0 && index < entry.work.length; index += step) {
      const isHere = index === workbench.customer;
      const keys = workbench.doubts.keysInSight(entry, form, index, isHere ? key : "");
      const at = isHere ? keys.indexOf(key) + step : step > 0 ? 0 : keys.length - 1;
      if (keys[at] !== undefined) return visit({ index, key: keys[at] });
    }
    if (step > 0) workbench.say("这是最后一个字段：Ctrl+Enter 确认并下一条", { seconds: 4 });
  }

  /**
   * Confirm a field and go on: to its neighbour, under delta review to the next one that is asked about, and to the next
   * doubt where only doubts are shown.
   * @param {string} key
   * @param {number} step
   * @param {() => boolean} [take] takes what was typed; true where that is all
   */
  function advance(key, step, take = () => false) {
    if (take()) return;
    change((entry) => confirmField(entry, workbench.customer, key, Date.now()));
    if (step > 0 && isFolded(workbench)) goToDoubt(key);
    else if (step > 0 && isDelta(openEntry())) goToUnseen(key);
    else walk(key, step);
  }

  /** @param {string} key */
  function onFocus(key) {
    workbench.setMode(false);
    tools.arrive(key);
  }

  /** @param {string} key */
  function toggleConfirm(key) {
    change((entry) => {
      const isOne = confirmationOf(entry.work[workbench.customer], key) === ONE_BY_ONE;
      confirmField(entry, workbench.customer, key, Date.now(), isOne ? UNSEEN : ONE_BY_ONE);
    });
  }

  /** @param {string} key */
  function restoreModel(key) {
    const isBack = change((entry) => takeBack(entry, workbench.customer, key, Date.now()));
    goTo(key);
    if (isBack) workbench.answer(`「${labelOf(key)}」已取回抽取的值`);
    else workbench.say("这里就是抽取的值", { seconds: 3 });
  }

  /** Take the next of the values that others give to the field, and say whose it is. */
  function takeOther() {
    const { key } = tools.fieldNow();
    const entry = openEntry();
    const next = nextAlternative(entry.work[workbench.customer], key, entry.chat.run);
    if (!next) {
      const others = comparedText(entry, [entry.work[workbench.customer]]);
      workbench.say(others ? `没有别的值（对照：${others}）` : "没有可以换的别的值", { seconds: 3 });
      return;
    }
    edit(key, next.value, false);
    goTo(key);
    workbench.answer(`「${labelOf(key)}」换成「${next.who.join("、")}」的值：${valueText(next.value) || "（空）"}`);
  }

  /** @param {string} key */
  function accept(key) {
    if (!change((entry) => acceptDelta(entry, workbench.customer, key, Date.now()))) {
      workbench.say("这个字段没有要采用的新值", { seconds: 3 });
      return;
    }
    const where = nextUnseen(openEntry(), store.form, workbench.customer, key);
    if (where) visit(where);
    workbench.answer(`「${labelOf(key)}」已采用新值${where ? "" : "，不同的地方都看过了"}`);
  }

  function goToUnseen(key = workbench.field) {
    const entry = openEntry();
    const where = nextUnseen(entry, store.form, workbench.customer, key);
    if (where) visit(where);
    else
      workbench.say(isDelta(entry) ? "不同的地方都看过了：Ctrl+Enter 确认并下一条" : "这一条都看过了", { seconds: 4 });
  }

  function goToDoubt(key = workbench.field) {
    const entry = openEntry();
    const where = nextDoubt(entry, store.form, workbench.customer, key);
    if (where) visit(where);
    else workbench.say("没有疑点", { seconds: 4 });
  }

  /**
   * Go to the field at a place in the form, as its letter says.
   * @param {number} place
   */
  function goToPlace(place) {
    const field = store.form.fields[place];
    if (field) goTo(field.key);
    else {
      workbench.say("没有这个字母的字段", { seconds: 3 });
      workbench.refocus();
    }
  }

  /** Show the letters and wait for one; the focus leaves the field, so that no input method takes the letter. */
  function askLetter() {
    workbench.root.focus({ preventScroll: true });
    workbench.showLetters(true);
    workbench.say("按字段前的字母，Esc 取消", { seconds: 5 });
  }

  function toggleGuide() {
    workbench.guideOpen = !workbench.guideOpen;
    workbench.drawFocus();
  }

  /**
   * A digit in command mode chooses a value of the field in focus.
   * @param {number} number
   */
  function digit(number) {
    if (!workbench.guard.mayWrite()) return;
    workbench.view.parts.get(workbench.field)?.control.digit?.(String(number));
  }

  return {
    edit,
    digit,
    commands: {
      confirm: () => {
        if (change((entry) => confirmField(entry, workbench.customer, workbench.field, Date.now())))
          workbench.answer(`已确认「${labelOf(workbench.field)}」`);
        else workbench.say("本字段已逐项确认", { seconds: 2 });
      },
      empties: () => {
        if (change((entry) => confirmRest(entry, store.form, Date.now(), workbench.customer)))
          workbench.answer(`${subjectAt(store.form, workbench.customer)} 没填的字段已确认为空`);
        else workbench.say("没有还没看的空字段", { seconds: 3 });
      },
      takeBack: () => restoreModel(workbench.field),
      other: takeOther,
      accept: () => accept(workbench.field),
      unseen: () => goToUnseen(),
      doubt: () => goToDoubt(),
      field: goToPlace,
      address: askLetter,
      nextField: () => walk(workbench.field, 1),
      previousField: () => walk(workbench.field, -1),
      guide: toggleGuide,
    },
    actions: {
      edit,
      enter: (/** @type {string} */ key, /** @type {Value} */ value) => edit(key, value, false),
      entering,
      advance,
      toggleConfirm,
      accept,
      focus: onFocus,
      takeBack: restoreModel,
      guide: toggleGuide,
      take: (/** @type {Value} */ value) => edit(workbench.field, value, false),
    },
  };
}
