// What every command needs: the chat on screen, changing it, and going to a field of it.
import { revealIn } from "./chat_view.js";
import { flushEntries, focusField, revealField } from "./form_view.js";
import { entryOf } from "./state.js";

/** Make the tools of a workbench. */
export function makeTools(workbench) {
  const { store } = workbench;
  const entryNow = () => entryOf(store);

  /** Change the chat on screen: journal first, then redraw. Returns whether anything changed. */
  function change(work) {
    const entry = entryNow();
    if (!entry || !store.reviewer) return false;
    const before = entry.work;
    work(entry);
    if (entry.work === before) return false;
    workbench.active();
    workbench.sync.touch(entry);
    workbench.draw();
    return true;
  }

  /** The reviewer is at a field: its evidence lights up and comes into view. */
  function arrive(key) {
    if (workbench.field !== key) workbench.place = 0;
    workbench.field = key;
    workbench.drawFocus();
    const pane = workbench.panes.get(store.current);
    if (workbench.places.length && pane?.shown) revealIn(pane, workbench.places[workbench.place]);
  }

  /** Go to a field: into its input, its text selected as Tab does; in command mode to its row: letters stay commands. */
  function goTo(key) {
    if (!workbench.commandMode) {
      focusField(workbench.form, key);
      workbench.form.parts.get(key)?.input.select();
      return;
    }
    arrive(key);
    revealField(workbench.form, key);
  }

  function switchTo(index, key = workbench.field) {
    const entry = entryNow();
    if (!entry || index < 0 || index >= entry.work.length) return;
    flushEntries(workbench.form);
    workbench.customer = index;
    workbench.place = 0;
    workbench.draw();
    goTo(key);
  }

  /** Go to a field of any customer. */
  function visit({ index, key }) {
    if (index !== workbench.customer) switchTo(index, key);
    else goTo(key);
  }

  const fieldNow = () => store.form.fields.find((field) => field.key === workbench.field);
  const nameOf = (index) => entryNow().work[index].values[store.form.name_field] || `客户 ${index + 1}`;

  return { entryNow, change, arrive, goTo, switchTo, visit, fieldNow, nameOf };
}
