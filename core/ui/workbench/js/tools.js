// @ts-check
// What every command needs: the chat on screen, changing it, and going to a field of it.
/** @import { Entry, Place } from "./types.js" */
/** @import { Workbench } from "./workbench.js" */
import { forgetAnswered } from "./advice.js";
import { revealIn } from "./chat_view.js";
import { arrivalField } from "./doubt_mode.js";
import { focusField, revealField } from "./form_view.js";
import { subjectAt } from "./form_words.js";
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
    const shown = before[workbench.customer]?.uid;
    work(entry);
    if (entry.work === before) return false;
    forgetAnswered(entry, store.form);
    workbench.changed = entry.work;
    workbench.say("");
    workbench.active();
    workbench.sync.touch(entry);
    workbench.draw();
    if (entry.work[workbench.customer]?.uid !== shown) workbench.arrival.customer();
    return true;
  }

  /**
   * The reviewer is at a field: its evidence lights up and comes into view.
   * @param {string} key
   */
  function arrive(key) {
    if (workbench.field !== key) {
      workbench.active(); // the time until now belongs to the field that is left
      workbench.place = 0;
      setTimeout(workbench.calls.sayPickedAgain); // once the field has taken the selection
    }
    workbench.field = key;
    workbench.drawFocus();
    const pane = workbench.panes.get(store.current);
    if (workbench.places.length && pane?.shown && !workbench.isReturning)
      revealIn(pane, workbench.places[workbench.place]);
  }

  /**
   * Go to a field: into its input, its text selected as Tab does; in command mode to its row: letters stay commands.
   * @param {string} key
   * @param {boolean} [isLed] whether the desk goes there of its own accord: then nothing is selected that a key would replace
   */
  function goTo(key, isLed = false) {
    if (!workbench.commandMode) {
      const input = workbench.view.parts.get(key)?.input;
      const isThere = input?.matches(":focus");
      focusField(workbench.view, key);
      if (!isLed) input?.select();
      else if (!isThere) {
        input?.setSelectionRange(input.value.length, input.value.length);
        workbench.arrival.lead();
      }
      return;
    }
    arrive(key);
    revealField(workbench.view, key);
  }

  /** @param {number} index */
  function switchTo(index, key = "", isLed = false) {
    const entry = entryNow();
    if (!entry || index < 0 || index >= entry.work.length) return;
    const usual = workbench.field;
    key ||= index === workbench.customer ? usual : arrivalField(workbench, entry, index, usual);
    workbench.flush();
    if (index !== workbench.customer) workbench.arrival.customer();
    workbench.customer = index;
    workbench.place = 0;
    workbench.draw();
    goTo(key, isLed);
  }

  /**
   * Go to a field of any customer.
   * @param {Place} options
   */
  function visit({ index, key }, isLed = false) {
    if (index !== workbench.customer) switchTo(index, key, isLed);
    else goTo(key, isLed);
  }

  /** The field in focus, or last in focus. */
  function fieldNow() {
    return store.form.fields.find((field) => field.key === workbench.field) ?? store.form.fields[0];
  }

  /** @param {number} index */
  function nameOf(index) {
    return valueText(openEntry().work[index].values[store.form.name_field]) || subjectAt(store.form, index);
  }

  return { entryNow, openEntry, change, arrive, goTo, switchTo, visit, fieldNow, nameOf };
}
