// @ts-check
// What every command needs: the chat on screen, changing it, and going to a field of it.
/** @import { Entry, Place } from "./types.js" */
/** @import { Workbench } from "./workbench.js" */
import { forgetAnswered } from "./advice.js";
import { revealIn } from "./chat_view.js";
import { focusField, revealField } from "./form_view.js";
import { entryOf } from "./state.js";
import { valueText } from "./values.js";

/**
 * Make the tools of a workbench.
 * @param {Workbench} workbench
 */
export function makeTools(workbench) {
  const { store } = workbench;
  const entryNow = () => entryOf(store);

  /** The chat on screen, for commands that run only where there is one. */
  function openEntry() {
    const entry = entryNow();
    if (!entry) throw new Error("no chat on screen");
    return entry;
  }

  /**
   * Change the chat on screen: journal first, then redraw. Returns whether anything changed.
   * @param {(entry: Entry) => unknown} work
   */
  function change(work) {
    const entry = entryNow();
    workbench.changed = null;
    if (!entry || !store.reviewer) return false;
    const before = entry.work;
    work(entry);
    if (entry.work === before) return false;
    forgetAnswered(entry, store.form);
    workbench.changed = entry.work;
    workbench.say("");
    workbench.active();
    workbench.sync.touch(entry);
    workbench.draw();
    return true;
  }

  /**
   * The reviewer is at a field: its evidence lights up and comes into view.
   * @param {string} key
   */
  function arrive(key) {
    if (workbench.field !== key) workbench.place = 0;
    workbench.field = key;
    workbench.drawFocus();
    const pane = workbench.panes.get(store.current);
    if (workbench.places.length && pane?.shown && !workbench.isReturning)
      revealIn(pane, workbench.places[workbench.place]);
  }

  /**
   * Go to a field: into its input, its text selected as Tab does; in command mode to its row: letters stay commands.
   * @param {string} key
   */
  function goTo(key) {
    if (!workbench.commandMode) {
      focusField(workbench.view, key);
      workbench.view.parts.get(key)?.input.select();
      return;
    }
    arrive(key);
    revealField(workbench.view, key);
  }

  /** @param {number} index */
  function switchTo(index, key = workbench.field) {
    const entry = entryNow();
    if (!entry || index < 0 || index >= entry.work.length) return;
    workbench.flush();
    workbench.customer = index;
    workbench.place = 0;
    workbench.draw();
    goTo(key);
  }

  /**
   * Go to a field of any customer.
   * @param {Place} options
   */
  function visit({ index, key }) {
    if (index !== workbench.customer) switchTo(index, key);
    else goTo(key);
  }

  /** The field in focus, or last in focus. */
  function fieldNow() {
    return store.form.fields.find((field) => field.key === workbench.field) ?? store.form.fields[0];
  }

  /** @param {number} index */
  function nameOf(index) {
    return valueText(openEntry().work[index].values[store.form.name_field]) || `客户 ${index + 1}`;
  }

  return { entryNow, openEntry, change, arrive, goTo, switchTo, visit, fieldNow, nameOf };
}
