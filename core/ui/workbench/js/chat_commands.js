// Commands in the chat: evidence, search, the cursor on a message, words picked in it, pins, one customer's exchange.
import { openMissed } from "./advice.js";
import { markCursor, revealIn } from "./chat_view.js";
import { speakersOf } from "./customers.js";
import { findHits, highlight, makePicker } from "./find.js";
import { markOf, togglePin } from "./model.js";
import { addItems, isList } from "./values.js";

const FOUND = "shiyao-found";
const FOUND_NOW = "shiyao-found-now";
const PICKED = "shiyao-picked";

/** Commands about the chat; `edit` gives a field a value. */
export function chatCommands(desk, tools, edit) {
  const { store } = desk;
  const { entryNow } = tools;
  const picker = makePicker(PICKED);
  const paneNow = () => desk.panes.get(store.current);

  /** A click on a highlight: the field it speaks for gains the focus; again, the next one that it speaks for. */
  function focusEvidence(ids) {
    const customer = entryNow().work[desk.customer];
    const keys = store.form.fields
      .map((field) => field.key)
      .filter((key) => markOf(customer, key)?.evidence.some((id) => ids.includes(id)));
    const missed = openMissed(entryNow()).find((one) => ids.includes(one.id));
    if (keys.length) tools.goTo(keys[(keys.indexOf(desk.field) + 1) % keys.length]);
    else if (missed) tools.goTo(missed.key);
  }

  function visit(by) {
    if (!desk.places.length) {
      desk.say("这个字段在群聊里没有依据", { seconds: 3 });
      return;
    }
    desk.place = (desk.place + by + desk.places.length) % desk.places.length;
    const place = desk.places[desk.place];
    revealIn(paneNow(), place);
    setCursor(Number(place.closest(".m").dataset.i));
    desk.say(`依据 ${desk.place + 1} / ${desk.places.length}`, { seconds: 3 });
  }

  /** Search: `by` 0 starts anew, 1 and -1 go on and back. */
  function find(text, by) {
    const pane = paneNow();
    for (const { row } of desk.hits) row.classList.remove("hit", "current");
    if (by === 0) desk.hits = pane && entryNow() ? findHits(entryNow().chat, pane, text) : [];
    const { length } = desk.hits;
    desk.foundAt = length ? (by === 0 ? 0 : (desk.foundAt + by + length) % length) : -1;
    for (const { row } of desk.hits) row.classList.add("hit");
    const hit = desk.hits[desk.foundAt];
    highlight(
      FOUND,
      desk.hits.flatMap(({ range }) => range ?? []),
    );
    highlight(FOUND_NOW, hit?.range ? [hit.range] : []);
    if (hit) {
      hit.row.classList.add("current");
      revealIn(pane, hit.row);
      setCursor(hit.message);
    }
    desk.top.found.textContent = text.trim() ? `${desk.foundAt + 1} / ${length}` : "";
  }

  /** Put the cursor on a message; what was picked in another one is let go. */
  function setCursor(number) {
    if (number !== desk.message) desk.picked = picker.clear();
    desk.message = number;
    const pane = paneNow();
    return pane ? markCursor(pane, number) : null;
  }

  /** The first message in view that is shown, for a cursor that was nowhere. */
  function inView(pane) {
    const top = pane.element.getBoundingClientRect().top;
    return (
      [...pane.rows].find(
        ([, row]) => !row.classList.contains("away") && row.getBoundingClientRect().top >= top,
      )?.[0] ?? null
    );
  }

  function moveCursor(by) {
    const pane = paneNow();
    if (!pane) return;
    const shown = [...pane.rows.keys()].filter((i) => !pane.rows.get(i).classList.contains("away"));
    const at = shown.indexOf(desk.message);
    const number = at < 0 ? inView(pane) : shown[Math.min(shown.length - 1, Math.max(0, at + by))];
    const row = setCursor(number ?? null);
    if (row) revealIn(pane, row);
  }

  function pick(move) {
    const pane = paneNow();
    if (!pane) return;
    if (desk.message === null) moveCursor(1);
    const row = pane.rows.get(desk.message);
    if (!row) return;
    desk.picked = move(row);
    const { label } = tools.fieldNow();
    desk.say(desk.picked ? `已选「${desk.picked}」，按 I 填入「${label}」` : "", { seconds: 0 });
  }

  /** What the mouse selected in the chat, else what the keys picked. */
  function selected() {
    const selection = desk.host.getSelection?.() ?? getSelection();
    return String(selection || "").trim() || desk.picked;
  }

  function fill() {
    const text = selected();
    const field = tools.fieldNow();
    if (!text || !field) {
      desk.say("先在群聊里选中文字（命令模式里 ↓ 选消息、→ 选词），再填入上次所在的字段", { seconds: 6 });
      return;
    }
    const old = entryNow().work[desk.customer].values[field.key];
    const plain = field.kind === "phone" ? text.replace(/[\s-]/g, "") : text.replace(/\s+/g, " ");
    edit(field.key, isList(field) ? addItems(old, text) : plain, false);
    getSelection()?.removeAllRanges();
    desk.picked = picker.clear();
    desk.say(`「${text}」填入了${field.label}`, { seconds: 4 });
    tools.goTo(field.key);
  }

  /** The message that is meant: of the selection, else under the cursor. */
  function messageNow() {
    const selection = desk.host.getSelection?.() ?? getSelection();
    const node = selection && String(selection) ? selection.anchorNode : null;
    const row = (node?.nodeType === Node.TEXT_NODE ? node.parentElement : node)?.closest?.(".m");
    return row ? Number(row.dataset.i) : desk.message;
  }

  function pin() {
    const number = messageNow();
    const field = tools.fieldNow();
    if (number === null || !field) {
      desk.say("先点一条消息，或在命令模式里用 ↓ 选一条", { seconds: 5 });
      return;
    }
    let isIn = false;
    tools.change((entry) => {
      isIn = togglePin(entry, desk.customer, field.key, number, Date.now());
    });
    desk.say(
      isIn
        ? `第 ${number + 1} 条消息已钉为「${field.label}」的依据`
        : `第 ${number + 1} 条消息不再是「${field.label}」的依据`,
      { seconds: 5 },
    );
  }

  function narrow() {
    const entry = entryNow();
    const name = entry.work[desk.customer].values[store.form.name_field];
    if (!speakersOf(entry.chat, name).length) {
      desk.say("先把这位客户对应到一位发言人（Alt+B）", { seconds: 5 });
      return;
    }
    desk.isNarrow = !desk.isNarrow;
    desk.draw();
  }

  return {
    calls: { find, focusEvidence, setCursor },
    commands: {
      evidence: () => visit(1),
      evidenceBack: () => visit(-1),
      search: () => {
        desk.top.find.focus();
        desk.top.find.select();
      },
      messageDown: () => moveCursor(1),
      messageUp: () => moveCursor(-1),
      wordRight: () => pick((row) => picker.step(row, 1)),
      wordLeft: () => pick((row) => picker.step(row, -1)),
      grow: () => pick((row) => picker.grow(row, 1)),
      shrink: () => pick((row) => picker.grow(row, -1)),
      fill,
      pin,
      narrow,
    },
  };
}
