// @ts-check
// Commands about customers: switch, add, remove, bind, merge, split, swap, move. Where there is a choice, a menu asks.
/** @import { Entry, MenuItem, Tools, Values } from "./types.js" */
/** @import { Workbench } from "./workbench.js" */
import {
  addCustomer,
  addNewer,
  bindCustomer,
  bindingChoices,
  freeSpeakers,
  mergeCustomers,
  moveCustomer,
  newCustomers,
  removeCustomer,
  splitCustomer,
  swapField,
  unnamedSpeakers,
} from "./customers.js";
import { sideText, subjectAt } from "./form_words.js";
import { openMenu } from "./menus.js";
import { valueText } from "./values.js";
import { ROLE } from "./words.js";

/**
 * Commands and form actions about customers.
 * @param {Workbench} workbench
 * @param {Tools} tools
 */
export function customerCommands(workbench, tools) {
  const { store } = workbench;
  const { openEntry, change, nameOf } = tools;
  const here = () => subjectAt(store.form, workbench.customer);

  /**
   * Ask which one is meant, also where there is only one: nothing is written before it was seen.
   * @param {string} title
   * @param {MenuItem[]} items
   * @param {HTMLElement} [anchor]
   */
  function menu(title, items, anchor = workbench.view.more) {
    openMenu(workbench, title, items, anchor);
  }

  const others = () =>
    openEntry()
      .work.map((_, i) => i)
      .filter((i) => i !== workbench.customer);

  /** @param {() => void} run */
  function needOthers(run) {
    if (others().length) run();
    else workbench.say(`这一条只有一位${store.form.subject}`, { seconds: 3 });
  }

  /**
   * Do something that leaves another customer, or the same one elsewhere, on screen.
   * @param {(entry: Entry) => number} work
   */
  function reshape(work) {
    workbench.flush();
    change((entry) => {
      workbench.customer = work(entry);
    });
    tools.goTo(store.form.fields[0].key);
  }

  /** @param {HTMLElement} [anchor] */
  function add(anchor = workbench.view.add) {
    const pick = (/** @type {string} */ name) => {
      reshape((entry) => addCustomer(entry, store.form, name, Date.now()));
      workbench.answer(`已添加${here()}${name ? `「${name}」` : ""}`);
    };
    const speakers = unnamedSpeakers(openEntry(), store.form).slice(0, 8);
    const found = newCustomers(openEntry(), store.form).map((values) => ({
      label: valueText(values[store.form.name_field]) || "未填姓名",
      hint: `新的抽取任务里的${store.form.subject}`,
      run: () => addFound(values),
    }));
    const offered = (/** @type {typeof speakers} */ some) =>
      some.map(({ name, role }) => ({
        label: name,
        hint: role === ROLE.CUSTOMER ? "" : sideText(store.form, role),
        run: () => pick(name),
      }));
    const free = offered(speakers.filter(({ role }) => role !== ROLE.STAFF));
    const staff = offered(speakers.filter(({ role }) => role === ROLE.STAFF)); // by no first key
    const nobody = { label: "不指定（名字待填）", hint: "", run: () => pick("") };
    menu(`添加哪位${store.form.subject}`, [...found, ...free, nobody, ...staff], anchor);
  }

  /**
   * Take over a customer of the newer run.
   * @param {Values} values
   */
  function addFound(values) {
    reshape((entry) => addNewer(entry, store.form, values, Date.now()));
    workbench.answer(`已添加${here()}「${nameOf(workbench.customer)}」`);
  }

  function remove(index = workbench.customer) {
    const name = nameOf(index);
    workbench.flush();
    change((entry) => removeCustomer(entry, store.form, index, Date.now()));
    tools.goTo(store.form.fields[0].key, true);
    workbench.answer(`已删除「${name}」`);
  }

  /** It is always asked: the present name first, each with their side; nobody of the staff is taken unseen. */
  function bind() {
    const choices = bindingChoices(openEntry(), store.form, workbench.customer).slice(0, 12);
    if (!choices.some(({ isPresent }) => !isPresent)) {
      workbench.say("没有别的发言人可以对应", { seconds: 3 });
      return;
    }
    menu(
      `${here()} 是哪位发言人`,
      choices.map(({ name, side, isPresent }) => ({
        label: name,
        hint: [side ? sideText(store.form, side) : "不是发言人", isPresent ? "现在的名字" : ""]
          .filter(Boolean)
          .join(" · "),
        run: () => {
          const before = nameOf(workbench.customer);
          change((entry) => bindCustomer(entry, store.form, workbench.customer, name, Date.now()));
          tools.goTo(store.form.name_field);
          workbench.answer(isPresent ? `名字仍是「${name}」` : `「${before}」已改为「${name}」`);
        },
      })),
    );
  }

  function merge() {
    needOthers(() =>
      menu(
        `并入哪位${store.form.subject}`,
        others().map((into) => ({
          label: nameOf(into),
          hint: subjectAt(store.form, into),
          run: () => {
            const [from, target] = [nameOf(workbench.customer), nameOf(into)];
            /** @type {string[]} */
            let lost = [];
            reshape((entry) => {
              const merged = mergeCustomers(entry, store.form, into, workbench.customer, Date.now());
              lost = merged.lost;
              return merged.index;
            });
            workbench.answer(
              `「${from}」已并入「${target}」${lost.length ? `，两边不同的以「${target}」为准：${lost.join("、")}` : ""}`,
            );
          },
        })),
      ),
    );
  }

  function split() {
    const speakers = freeSpeakers(openEntry(), store.form)
      .filter((speaker) => speaker.role !== ROLE.STAFF)
      .slice(0, 8);
    const pick = (/** @type {string} */ name) => {
      const from = nameOf(workbench.customer);
      reshape((entry) => splitCustomer(entry, store.form, workbench.customer, name, Date.now()));
      workbench.answer(`已从「${from}」拆出${here()}${name ? `「${name}」` : ""}`);
    };
    menu("拆出哪位发言人", [
      ...speakers.map(({ name, role }) => ({ label: name, hint: sideText(store.form, role), run: () => pick(name) })),
      { label: "名字待填", hint: "", run: () => pick("") },
    ]);
  }

  function swap() {
    const { key, label } = tools.fieldNow();
    needOthers(() =>
      menu(
        `与谁互换「${label}」`,
        others().map((other) => ({
          label: nameOf(other),
          hint: valueText(openEntry().work[other].values[key]) || "（空）",
          run: () => {
            change((entry) => swapField(entry, workbench.customer, other, key, Date.now()));
            tools.goTo(key);
            workbench.answer(`已与「${nameOf(other)}」互换「${label}」`);
          },
        })),
      ),
    );
  }

  /** @param {number} by */
  function move(by) {
    workbench.flush();
    const isMoved = change((entry) => {
      workbench.customer = moveCustomer(entry, workbench.customer, by, Date.now());
    });
    if (isMoved) workbench.answer(`「${nameOf(workbench.customer)}」现在是${here()}`);
    else workbench.say(by < 0 ? "已经是第一位" : "已经是最后一位", { seconds: 3 });
  }

  /** @param {HTMLElement} anchor */
  function more(anchor) {
    menu(
      `${store.form.subject}操作`,
      [
        { label: "对应到发言人", hint: "B", run: bind },
        { label: "并入另一位", hint: "M", run: merge },
        { label: "拆出一位", hint: "X", run: split },
        { label: "互换本字段", hint: "W", run: swap },
        { label: "往前移", hint: "[", run: () => move(-1) },
        { label: "往后移", hint: "]", run: () => move(1) },
        { label: "删除", hint: "-", run: () => remove() },
      ],
      anchor,
    );
  }

  return {
    commands: {
      customer: (/** @type {number} */ number) => tools.switchTo(number - 1),
      add: () => add(),
      remove: () => remove(),
      bind,
      merge,
      split,
      swap,
      moveLeft: () => move(-1),
      moveRight: () => move(1),
    },
    calls: {
      addFound: (/** @type {Values} */ values) => {
        if (workbench.guard.mayWrite()) addFound(values);
      },
    },
    actions: {
      tab: (/** @type {number} */ index) => tools.switchTo(index),
      addCustomer: add,
      removeCustomer: remove,
      moreCustomers: more,
    },
  };
}
