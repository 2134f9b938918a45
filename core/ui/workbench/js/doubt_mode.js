// @ts-check
// Only doubts (只看疑点): the rows of a customer that nothing speaks against fold to one line, and the foot says what is left.
/** @import { BrowserStorage, Entry, FormPayload, FormView, Place } from "./types.js" */
/** @import { Workbench } from "./workbench.js" */
import { duration } from "./bars.js";
import { comparedText, doubtersText } from "./compared.js";
import { grouped, h, setAttr, setHidden, setText } from "./dom.js";
import { makeDoubtPace } from "./doubt_pace.js";
import { doubtsOf, isCompared, isSurenessKnown, mayFold, nextDoubt, stoppingDoubts, stopsText } from "./doubts.js";
import { chordFor } from "./keys.js";
import { openMissed } from "./missed.js";
import { isDelta } from "./model.js";
import { entryOf } from "./state.js";

/** @param {string} reviewer */
const modeKey = (reviewer) => `shiyao:only-doubts:${reviewer}`;

/**
 * Whether only doubts are shown, as each reviewer left it in this browser, and which rows of the chat on screen are in
 * sight all the same: what was in sight once stays until the chat is left, so that nothing moves under somebody's eyes.
 * @param {BrowserStorage} storage
 */
export function makeDoubtMode(storage) {
  let isOn = false;
  /** @type {string | null} whose choice that is */
  let whose = null;
  /** @type {Map<number | string, Set<string>>} rows in sight, by the customer's id */
  const seen = new Map();
  /** @type {Set<number | string>} customers whose fold is open */
  const opened = new Set();
  /** @type {Set<number | string>} customers whose fold was open since the chat came */
  const everOpen = new Set();
  /** Whether all fields were shown at some time since the chat came. */
  let wasWhole = false;

  /**
   * @param {number | string} uid
   * @param {string} key
   */
  function keep(uid, key) {
    seen.set(uid, (seen.get(uid) ?? new Set()).add(key));
  }

  function forget() {
    seen.clear();
    opened.clear();
  }

  return {
    pace: makeDoubtPace(storage, () => performance.now()),
    isOn: () => isOn,
    keep,

    /** The chat goes off the screen: the next one shows its own doubts. */
    leaveChat() {
      this.pace.leave();
      everOpen.clear();
      wasWhole = false;
      forget();
    },

    /**
     * Fields of the chat on screen that were folded away all the time: nobody can have looked at them.
     * @param {Entry} entry
     * @param {FormPayload} form
     * @param {Place} here the field in focus
     */
    neverShown(entry, form, here) {
      if (!isOn || wasWhole) return [];
      const away = entry.work.flatMap((customer, index) => {
        if (everOpen.has(customer.uid)) return [];
        const inSight = new Set(this.keysInSight(entry, form, index, index === here.index ? here.key : ""));
        return form.fields.filter(({ key }) => !inSight.has(key)).map(({ key }) => key);
      });
      return [...new Set(away)];
    },

    /**
     * Take the choice of a reviewer.
     * @param {string} reviewer
     */
    take(reviewer) {
      if (whose === reviewer) return;
      whose = reviewer;
      try {
        isOn = storage.getItem(modeKey(reviewer)) === "1";
      } catch {
        isOn = false;
      }
      forget();
    },

    toggle() {
      wasWhole ||= !isOn;
      isOn = !isOn;
      forget();
      try {
        if (isOn) storage.setItem(modeKey(whose ?? ""), "1");
        else storage.removeItem(modeKey(whose ?? ""));
      } catch {
        // It then is as it was at the next visit.
      }
    },

    isOpen: (/** @type {number | string} */ uid) => opened.has(uid),
    /** @param {number | string} uid */
    turn(uid) {
      if (opened.delete(uid)) return;
      opened.add(uid);
      everOpen.add(uid);
    },

    /**
     * The fields of a customer whose rows are in sight, in the form's order. `key` is the field in focus on it.
     * @param {Entry} entry
     * @param {FormPayload} form
     * @param {number} index
     * @param {string} [key]
     */
    keysInSight(entry, form, index, key = "") {
      const all = form.fields.map((field) => field.key);
      const customer = entry.work[index];
      if (!isOn || !customer || !mayFold(customer)) return all;
      for (const one of doubtsOf(entry, form)) if (one.index === index) keep(customer.uid, one.key);
      if (opened.has(customer.uid)) return all;
      const kept = seen.get(customer.uid);
      return all.filter((other) => other === key || kept?.has(other));
    },
  };
}

/**
 * Whether rows of the customer on screen are folded away.
 * @param {Workbench} workbench
 */
export function isFolded({ doubts, store, customer }) {
  const one = entryOf(store)?.work[customer];
  return doubts.isOn() && !!one && mayFold(one) && !doubts.isOpen(one.uid);
}

/**
 * The field that somebody arrives at on a customer: `usual`, but while only doubts are shown the first of them.
 * @param {Workbench} workbench
 * @param {Entry} entry
 * @param {number} index
 * @param {string} usual
 */
export function arrivalField({ doubts, store }, entry, index, usual) {
  if (!doubts.isOn() || !entry.work[index] || !mayFold(entry.work[index])) return usual;
  return doubtsOf(entry, store.form).find((one) => one.index === index)?.key ?? usual;
}

/**
 * The field that a chat opens at: the first one, under delta review the first that is asked about.
 * @param {Workbench} workbench
 * @param {Entry | null} entry
 */
export function startField(workbench, entry) {
  const { fields } = workbench.store.form;
  const first = fields[0]?.key ?? "";
  if (!entry) return first;
  const asked = isDelta(entry) ? fields.find(({ key }) => key in (entry.work[0].delta ?? {})) : null;
  return asked?.key ?? arrivalField(workbench, entry, 0, first);
}

/**
 * What the desk says where no doubt is left, and what comes next.
 * @param {Entry} entry
 */
export function nothingLeftText(entry) {
  if (entry.conflict) return `没有疑点，但有冲突：先选好要留下的值（${chordFor("conflict")}）`;
  const { length } = openMissed(entry);
  if (length) return `没有疑点了，聊天里还有 ${length} 处没填（${chordFor("missed")} 看）`;
  return `没有疑点了：${chordFor("approve")} 确认并下一条`;
}

/**
 * How many doubts are left, and how long they take at this reviewer's own pace: nothing of the time before that is known.
 * @param {number} count
 * @param {number | null} each seconds
 */
export function leftText(count, each) {
  return `还有 ${grouped(count)} 处${each === null ? "" : `，约 ${duration(count * each)}`}`;
}

/**
 * The button beside the customers, the line that stands for the folded fields, and the line in the foot.
 * @param {{ onlyDoubts(): void, turnFold(): void }} act
 */
export function buildDoubts(act) {
  /** @type {(attributes: Record<string, unknown>, run: () => void) => HTMLButtonElement} */
  const button = (attributes, run) => h("button", { type: "button", onclick: run, ...attributes });
  const toggle = button({ class: "doubt-switch", "aria-pressed": "false" }, act.onlyDoubts);
  toggle.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
  const fold = button({ class: "fold", hidden: true, "aria-expanded": "false" }, act.turnFold);
  const left = h("span", {});
  const line = h("div", { class: "left-line", role: "status", hidden: true }, left);
  return { toggle, fold, left, line };
}

/**
 * Fold what nothing speaks against, and say how much is left.
 * @param {Workbench} workbench
 * @param {Entry} entry
 * @param {FormView} view
 */
export function drawDoubts(workbench, entry, view) {
  const { doubts, store, customer: index, field } = workbench;
  const { form } = view;
  const customer = entry.work[index];
  const open = doubtsOf(entry, form);
  const isHere = open.some((one) => one.index === index && one.key === field);
  doubts.pace.at(store.reviewer, isHere ? `${customer.uid}:${field}` : "");
  const inSight = new Set(doubts.keysInSight(entry, form, index, field));
  const isOn = doubts.isOn();
  const groups = new Set();
  for (const [key, part] of view.parts) {
    part.row.classList.toggle("calm", !inSight.has(key));
    if (inSight.has(key)) groups.add(part.field.group);
  }
  for (const [group, heading] of view.headings) heading.classList.toggle("calm", !groups.has(group));
  view.fields.classList.toggle("only-doubts", isOn && mayFold(customer) && !doubts.isOpen(customer.uid));
  drawFoldLine(doubts, entry, index, view, inSight);
  const { toggle, left, line } = view.doubts;
  const stopping = stoppingDoubts(entry, form);
  setText(toggle, `疑点 ${open.length}${stopping ? ` · ⚠ ${stopping}` : ""}`);
  setAttr(toggle, "aria-pressed", String(isOn));
  const stops = stopsText(open.length, stopping);
  setAttr(
    toggle,
    "title",
    `${isOn ? "显示全部字段" : "只看疑点"}（${chordFor("onlyDoubts")}）${stops && `。${stops}`}`,
  );
  setHidden(line, !isOn);
  if (!isOn) return;
  const each = doubts.pace.secondsEach(store.reviewer);
  const told = open.length ? leftText(open.length, each) : nothingLeftText(entry);
  const unsure = open.length || isCompared(entry) ? told : `${told} · 还没有把握，只有检查看过`;
  setText(left, mayFold(customer) ? unsure : `${told} · 这位${store.form.subject}没有抽取结果可对照：字段全部列出`);
  const sources = ["检查", doubtersText(entry)].filter(Boolean).join("、");
  const basis = isSurenessKnown(entry) ? "" : `还没有把握可看：疑点只来自${sources}。`;
  const time = each === null ? "" : `按您最近在每处疑点停留的时间（中位数 ${duration(each)}）估计。`;
  setAttr(line, "title", `${basis}${time}` || null);
}

/**
 * @param {ReturnType<typeof makeDoubtMode>} doubts
 * @param {Entry} entry
 * @param {number} index
 * @param {FormView} view
 * @param {Set<string>} inSight
 */
function drawFoldLine(doubts, entry, index, view, inSight) {
  const { fold } = view.doubts;
  const customer = entry.work[index];
  if (!doubts.isOn()) return setHidden(fold, true);
  const away = view.form.fields.length - inSight.size;
  const isOpen = doubts.isOpen(customer.uid);
  setHidden(fold, away === 0 && !isOpen);
  setAttr(fold, "aria-expanded", String(isOpen));
  const others = comparedText(entry, [customer]);
  setText(fold, isOpen ? "收起没有疑点的字段" : `${away} 项${others ? `一致（对照：${others}）` : "没有疑点"}`);
  const sure = isSurenessKnown(entry) ? "，把握也够" : "";
  const basis = others ? `检查没有意见，${others}没有填得不同${sure}` : `只有检查看过${sure}：没有别的抽取任务可对照`;
  setAttr(fold, "title", isOpen ? null : `${basis}；点一下或按回车展开`);
}

/**
 * Commands of the mode.
 * @param {Workbench} workbench
 * @param {{ openEntry(): Entry, goTo(key: string): void, visit(place: { index: number, key: string }): void }} tools
 */
export function doubtCommands(workbench, { openEntry, goTo, visit }) {
  const { doubts, store } = workbench;

  /** @type {{ chat: number, from: Place, to: Place } | null} where the mode led somebody away from a field as it began */
  let led = null;

  /**
   * Where somebody was before the mode led them away: to be gone back to as it ends, if they have stayed since.
   * @param {Entry} entry
   */
  function placeBefore({ chat, work }) {
    const isHere = led?.chat === chat.chat && led.to.index === workbench.customer && led.to.key === workbench.field;
    return led && isHere && work[led.from.index] ? led.from : null;
  }

  function onlyDoubts() {
    doubts.toggle();
    const entry = openEntry();
    const back = doubts.isOn() ? null : placeBefore(entry);
    const open = doubtsOf(entry, store.form);
    const isHere = open.some((one) => one.index === workbench.customer && one.key === workbench.field);
    const next = doubts.isOn() && !isHere ? nextDoubt(entry, store.form, workbench.customer, workbench.field) : null;
    const from = { index: workbench.customer, key: workbench.field };
    led = next ? { chat: entry.chat.chat, from, to: next } : null;
    workbench.draw();
    if (next ?? back) visit(/** @type {Place} */ (next ?? back));
    else if (workbench.field) goTo(workbench.field);
    workbench.say(doubts.isOn() ? "只看疑点" : "显示全部字段", { seconds: 4 }); // how many are left says the foot
  }

  function turnFold() {
    const customer = openEntry().work[workbench.customer];
    doubts.turn(customer.uid);
    workbench.draw();
  }

  /** @param {Entry} entry */
  function doubtAfter(entry) {
    return doubtsOf(entry, store.form).find((one) => one.index > workbench.customer);
  }

  /** @param {Entry} entry */
  function lastInSightBefore(entry) {
    for (let index = workbench.customer - 1; index >= 0; index -= 1) {
      const key = doubts.keysInSight(entry, store.form, index).pop();
      if (key) return { index, key };
    }
    return null;
  }

  /**
   * Tab behind the last row in sight: on to the next customer with a doubt; Shift+Tab before the first, back to the
   * one before. Returns whether it went there: everywhere else Tab is the browser's.
   * @param {number} step
   */
  function cross(step) {
    const entry = openEntry();
    if (!doubts.isOn()) return false;
    const keys = doubts.keysInSight(entry, store.form, workbench.customer, workbench.field);
    if (workbench.field !== (step > 0 ? keys[keys.length - 1] : keys[0])) return false;
    const next = step > 0 ? doubtAfter(entry) : lastInSightBefore(entry);
    if (next) visit(next);
    return !!next;
  }

  return { commands: { onlyDoubts }, actions: { onlyDoubts, turnFold }, calls: { cross } };
}
