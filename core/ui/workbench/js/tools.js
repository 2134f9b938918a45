// What every command needs: the chat on screen, changing it, and going to a field of it.
import { revealIn } from "./chat_view.js";
import { flushEntries, focusField, revealField } from "./form_view.js";
import { entryOf } from "./state.js";

/** Make the tools of a desk. */
export function makeTools(desk) {
  const { store } = desk;
  const entryNow = () => entryOf(store);

  /** Change the chat on screen: journal first, then redraw. Returns whether anything changed. */
  function change(work) {
    const entry = entryNow();
    if (!entry || !store.reviewer) return false;
    const before = entry.work;
    work(entry);
    if (entry.work === before) return false;
    desk.active();
    desk.courier.touch(entry);
    desk.draw();
    return true;
  }

  /** The reviewer is at a field: its evidence lights up and comes into view. */
  function arrive(key) {
    if (desk.field !== key) desk.place = 0;
    desk.field = key;
    desk.drawFocus();
    const pane = desk.panes.get(store.current);
    if (desk.places.length && pane?.shown) revealIn(pane, desk.places[desk.place]);
  }

  /** Go to a field: into its input, its text selected as Tab does; in command mode to its row: letters stay commands. */
  function goTo(key) {
    if (!desk.commandMode) {
      focusField(desk.form, key);
      desk.form.parts.get(key)?.input.select();
      return;
    }
    arrive(key);
    revealField(desk.form, key);
  }

  function switchTo(index, key = desk.field) {
    const entry = entryNow();
    if (!entry || index < 0 || index >= entry.work.length) return;
    flushEntries(desk.form);
    desk.customer = index;
    desk.place = 0;
    desk.draw();
    goTo(key);
  }

  /** Go to a field of any customer. */
  function visit({ index, key }) {
    if (index !== desk.customer) switchTo(index, key);
    else goTo(key);
  }

  const fieldNow = () => store.form.fields.find((field) => field.key === desk.field);
  const nameOf = (index) => entryNow().work[index].values[store.form.name_field] || `客户 ${index + 1}`;

  return { entryNow, change, arrive, goTo, switchTo, visit, fieldNow, nameOf };
}
