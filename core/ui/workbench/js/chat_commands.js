// @ts-check
// Commands in the chat: evidence, search, the cursor on a message, words picked in it, pins, one customer's exchange.
/** @import { Tools, Value } from "./types.js" */
/** @import { Workbench } from "./workbench.js" */
import { markCursor, revealIn, stepCursor } from "./chat_view.js";
import { customerNames, speakersOf } from "./customers.js";
import { drawHits, findHits, makePicker } from "./find.js";
import { chordFor } from "./keys.js";
import { openMissed } from "./missed.js";
import { markOf, togglePin } from "./model.js";
import { addItems, isEmpty, isList, valueText } from "./values.js";

const PICKED = "shiyao-picked";

/** How the line begins that speaks of picked words. */
const CHOSEN_LINE = "已选「";

/**
 * A message's number as sentences speak of it; the style shows it on the row under the mouse and under the cursor.
 * @param {HTMLElement} row
 */
function showNumber(row) {
  row.dataset.n = String(Number(row.dataset.i) + 1);
}

/** @param {string} text */
function shortened(text) {
  return text.length > 24 ? `${text.slice(0, 16)}…${text.slice(-6)}` : text;
}

/**
 * Commands about the chat; `edit` gives a field a value.
 * @param {Workbench} workbench
 * @param {Tools} tools
 * @param {(key: string, value: Value, typed: boolean) => void} edit
 */
export function chatCommands(workbench, tools, edit) {
  const { store } = workbench;
  const { entryNow, openEntry } = tools;
  const picker = makePicker(PICKED);
  const paneNow = () => workbench.panes.get(store.current);

  /**
   * A click on a highlight: the field it speaks for gains the focus; again, the next one that it speaks for.
   * @param {string[]} ids
   */
  function focusEvidence(ids) {
    const customer = openEntry().work[workbench.customer];
    const keys = store.form.fields
      .map((field) => field.key)
      .filter((key) => markOf(customer, key)?.evidence.some((id) => ids.includes(id)));
    const missed = openMissed(openEntry()).find((one) => ids.includes(one.id));
    if (keys.length) tools.goTo(keys[(keys.indexOf(workbench.field) + 1) % keys.length]);
    else if (missed) tools.goTo(missed.key);
  }

  /** @param {number} by */
  function visit(by) {
    if (!workbench.places.length) {
      workbench.say("这个字段在群聊里没有依据", { seconds: 3 });
      return;
    }
    workbench.place = (workbench.place + by + workbench.places.length) % workbench.places.length;
    const place = workbench.places[workbench.place];
    const pane = paneNow();
    if (pane) revealIn(pane, place);
    workbench.ribbon.draw();
    setCursor(Number(/** @type {HTMLElement} */ (place.closest(".m")).dataset.i));
    workbench.say(`依据 ${workbench.place + 1} / ${workbench.places.length}`, { seconds: 3 });
  }

  /**
   * Search: `by` 0 starts anew, 1 and -1 go on and back.
   * @param {string} text
   * @param {number} by
   */
  function find(text, by) {
    const pane = paneNow();
    const entry = entryNow();
    workbench.top.found.textContent = "";
    if (!pane) return;
    if (by === 0) pane.hits = entry ? findHits(entry.chat, text) : [];
    const { length } = pane.hits;
    pane.hitNow = length ? (by === 0 ? 0 : (pane.hitNow + by + length) % length) : -1;
    const hit = pane.hits[pane.hitNow];
    if (hit) pane.list.row(hit.message);
    const row = drawHits(pane);
    workbench.rail.drawSoon();
    if (hit && row) {
      revealIn(pane, row);
      setCursor(hit.message);
    }
    workbench.top.found.textContent = text.trim() ? `${pane.hitNow + 1} / ${length}` : "";
  }

  /**
   * Put the cursor on a message; what was picked in another one is let go.
   * @param {number | null} number
   */
  function setCursor(number) {
    if (number !== workbench.message) workbench.picked = picker.clear();
    workbench.message = number;
    const pane = paneNow();
    const row = pane ? markCursor(pane, number) : null;
    if (row) showNumber(row);
    return row;
  }

  /** @param {number} by */
  function moveCursor(by) {
    const pane = paneNow();
    if (!pane) return;
    const row = setCursor(stepCursor(pane, workbench.message, by));
    if (row) revealIn(pane, row);
  }

  /** @param {(row: HTMLElement) => string} move */
  function pick(move) {
    const pane = paneNow();
    if (!pane) return;
    if (workbench.message === null) moveCursor(1);
    const row = workbench.message === null ? null : pane.list.row(workbench.message);
    if (!row) return;
    workbench.picked = move(row);
    sayPicked(workbench.picked);
  }

  /**
   * Say which key fills picked words in, and where; nothing where none are.
   * @param {string} text
   */
  function sayPicked(text) {
    const key = workbench.commandMode ? "I" : chordFor("fill");
    const line = `${CHOSEN_LINE}${shortened(text)}」，按 ${key} 填入「${tools.fieldNow().label}」`;
    workbench.say(text ? line : "", { seconds: 0 });
  }

  /** Another field is in focus, or the words are picked no more: the line that speaks of both is said anew. */
  function sayPickedAgain() {
    if (workbench.bottom.message.textContent?.startsWith(CHOSEN_LINE)) sayPicked(selected());
  }

  /** What is selected in the chat on screen, and nowhere else: some browsers know of it only inside the shadow root. */
  function selectionNow() {
    const host = /** @type {{ getSelection?(): Selection | null }} */ (workbench.host);
    const selection = host.getSelection?.() ?? getSelection();
    const isHere = (/** @type {Node | null} */ node) => paneNow()?.element.contains(node);
    return selection && isHere(selection.anchorNode) && isHere(selection.focusNode) ? selection : null;
  }

  /** What the mouse selected in the chat, else what the keys picked. */
  function selected() {
    return String(selectionNow() || "").trim() || workbench.picked;
  }

  /** Somebody marked words with the mouse: which key fills them in, and where. */
  function hintSelection() {
    const selection = selectionNow();
    const text = String(selection || "").trim();
    if (text && entryNow()) sayPicked(text);
  }
  workbench.chatHost.addEventListener("pointerover", (event) => {
    const row = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest(".m"));
    if (row && row.dataset.n === undefined) showNumber(row);
  });
  workbench.chatHost.addEventListener("mouseup", () => setTimeout(hintSelection));

  function fill() {
    const text = selected();
    const field = tools.fieldNow();
    if (!text || !field) {
      workbench.say("先在群聊里选中文字（命令模式里 ↓ 选消息、→ 选词），再填入上次所在的字段", { seconds: 6 });
      return;
    }
    const old = openEntry().work[workbench.customer].values[field.key];
    const plain = field.kind === "phone" ? text.replace(/[\s-]/g, "") : text.replace(/\s+/g, " ");
    edit(field.key, isList(field) ? addItems(old, text) : plain, false);
    getSelection()?.removeAllRanges();
    workbench.picked = picker.clear();
    tools.goTo(field.key);
    const gone = isList(field) || isEmpty(old) ? "" : `，替换了「${valueText(old)}」`;
    workbench.answer(`「${text}」填入了${field.label}${gone}`);
  }

  /** The message that is meant: of the selection, else under the cursor. */
  function messageNow() {
    const selection = selectionNow();
    const node = selection && String(selection) ? selection.anchorNode : null;
    const element = node instanceof Element ? node : node?.parentElement;
    const row = /** @type {HTMLElement | null | undefined} */ (element?.closest(".m"));
    return row ? Number(row.dataset.i) : workbench.message;
  }

  function pin() {
    const number = messageNow();
    const field = tools.fieldNow();
    if (number === null || !field) {
      workbench.say("先点一条消息，或在命令模式里用 ↓ 选一条", { seconds: 5 });
      return;
    }
    let isIn = false;
    tools.change((entry) => {
      isIn = togglePin(entry, workbench.customer, field.key, number, Date.now());
    });
    workbench.answer(
      isIn
        ? `第 ${number + 1} 条消息已钉为「${field.label}」的依据`
        : `第 ${number + 1} 条消息不再是「${field.label}」的依据`,
    );
  }

  function narrow() {
    const entry = openEntry();
    const name = entry.work[workbench.customer].values[store.form.name_field];
    if (!speakersOf(entry.chat, name, customerNames(entry, store.form)).length) {
      workbench.say(`先把这位${store.form.subject}对应到一位发言人（Alt+B）`, { seconds: 5 });
      return;
    }
    workbench.isNarrow = !workbench.isNarrow;
    workbench.draw();
  }

  return {
    calls: {
      sayPickedAgain,
      find,
      focusEvidence,
      setCursor,
    },
    commands: {
      evidence: () => visit(1),
      evidenceBack: () => visit(-1),
      search: () => {
        workbench.top.find.focus();
        workbench.top.find.select();
      },
      messageDown: () => moveCursor(1),
      messageUp: () => moveCursor(-1),
      wordRight: () => pick((row) => picker.step(row, 1)),
      wordLeft: () => pick((row) => picker.step(row, -1)),
      grow: () => pick((row) => picker.grow(row, 1)),
      shrink: () => pick((row) => picker.grow(row, -1)),
      clause: () => pick(picker.clause),
      whole: () => pick(picker.whole),
      fill,
      pin,
      narrow,
    },
  };
}
