// @ts-check
// What the palette of the page (core/ui/js/palette.js) can pick on the desk: its commands, the fields of the customer on
// screen, and chats of its dataset. All of it goes through `calls.run`, as a key does, and is asked the same questions.
/** @import { PaletteItem } from "../../js/page_events.js" */
/** @import { Workbench } from "./workbench.js" */
import { CHAT_PICKED, PALETTE_ASKS, PALETTE_CLOSES } from "../../js/page_events.js";
import { inFormWords } from "./form_words.js";
import { ORDINARY } from "./journal.js";
import { COMMANDS, keyCap } from "./keys.js";
import { entryOf } from "./state.js";

/** Commands that only mean something where the hand is: a cursor, a neighbour. */
const AT_HAND = new Set(
  "nextField previousField messageDown messageUp wordRight wordLeft grow shrink clause whole address".split(" "),
);
/** Decisions never stand first in a list that is only opened. */
const DECISIONS = "判定";

/**
 * A key as it is written beside a command, such as Ctrl+↵.
 * @param {{ keys: string[], letters: string[] }} command
 */
function keysText({ keys, letters }) {
  const chord = keys[0] ?? letters[0] ?? "";
  return chord
    .split(/\+(?!$)/)
    .map((name) => keyCap(name))
    .join("+");
}

/**
 * What can be picked now.
 * @param {Workbench} workbench
 * @returns {PaletteItem[]}
 */
function itemsNow(workbench) {
  const { store } = workbench;
  const commands = COMMANDS.filter(({ id }) => !AT_HAND.has(id)).map((command) => ({
    id: `command:${command.id}`,
    kind: "命令",
    label: inFormWords(store.form, command.label),
    context: inFormWords(store.form, command.group),
    keys: keysText(command),
    isRemembered: command.group !== DECISIONS,
    run: () => workbench.calls.run(command.id),
  }));
  const fields = store.form.fields.map(({ key, label, group }, place) => ({
    id: `field:${key}`,
    kind: "字段",
    label,
    context: group,
    run: () => workbench.calls.run("field", place),
  }));
  return entryOf(store) ? [...commands, ...fields] : commands;
}

/**
 * Answer the palette while the desk is on the page; returns a stop function.
 * @param {Workbench} workbench
 */
export function answerPalette(workbench) {
  /** @param {Event} event */
  function onAsk(event) {
    const { detail } = /** @type {CustomEvent<{ items: PaletteItem[] }>} */ (event);
    detail.items.push(...itemsNow(workbench));
  }

  /** The focus comes back to where it was, and the chat stays where it stands. @param {Event} event */
  function onClose(event) {
    const { element, shut } = /** @type {CustomEvent<{ element: HTMLElement | null, shut: () => void }>} */ (event)
      .detail;
    if (element?.isConnected && !workbench.root.contains(element)) return;
    event.preventDefault();
    workbench.isReturning = true;
    shut();
    workbench.arrival.stay();
    workbench.isReturning = false;
    if (!element?.isConnected) workbench.refocus(); // a list of the desk, which closed as it lost the focus
  }

  /** @param {Event} event */
  function onChat(event) {
    const { dataset, chat } = /** @type {CustomEvent<{ dataset: number, chat: number }>} */ (event).detail;
    const { store } = workbench;
    if (!store.reviewer || dataset !== store.dataset.id || store.review !== ORDINARY) return;
    event.preventDefault();
    workbench.calls.openChat(chat);
  }

  /** @type {[string, (event: Event) => void][]} */
  const answers = [
    [PALETTE_ASKS, onAsk],
    [PALETTE_CLOSES, onClose],
    [CHAT_PICKED, onChat],
  ];
  for (const [name, answer] of answers) window.addEventListener(name, answer);
  return () => {
    for (const [name, answer] of answers) window.removeEventListener(name, answer);
  };
}
