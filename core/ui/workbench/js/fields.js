// @ts-check
// One control per field: a text that grows, or choices with digits and a free entry. The focusable element is always an
// input (input methods work in nothing else) and carries `data-field` and `data-customer`.
/** @import { ChatPayload, FieldControl, FieldLook, FieldPart, FormActions, FormField, Value } from "./types.js" */
import { isComposed } from "./composing.js";
import { caps, h, setAttr, setHidden, setText } from "./dom.js";
import { chordFor, isComposing, letterOf } from "./keys.js";
import {
  addItems,
  isChoice,
  isEmpty,
  isList,
  isLongText,
  isWide,
  ONE_BY_ONE,
  optionsOf,
  ownText,
  sameValue,
  splitItems,
  toggleItem,
  UNSEEN,
  valueText,
} from "./values.js";

/**
 * Build a field's row. `act` is what the control may ask for:
 * `edit(key, value, typed)`, `entering(key, text)` (typed, not entered yet), `enter(key, value)`, `advance(key, step, take)`, `focus(key)`,
 * `toggleConfirm(key)`, `takeBack(key)`, `accept(key)`.
 * @param {FormField} field
 * @param {number} number
 * @param {FormActions} act
 * @returns {FieldPart}
 */
export function buildField(field, number, act) {
  const id = `field-${number}`;
  const control = isChoice(field) ? buildChoice(field, id, act) : buildText(field, id, act);
  const old = h("button", {
    type: "button",
    class: "old",
    tabindex: "-1",
    hidden: true,
    onclick: () => act.takeBack(field.key),
  });
  const fresh = h("button", {
    type: "button",
    class: "fresh",
    tabindex: "-1",
    hidden: true,
    onclick: () => act.accept(field.key),
  });
  const differs = h("span", { class: "differs", hidden: true });
  const talk = h("button", { type: "button", class: "talk-mark", tabindex: "-1", hidden: true });
  talk.addEventListener("mousedown", (event) => event.preventDefault());
  talk.addEventListener("click", () => act.discuss(field.key));
  const status = h("span", { class: "status", id: `${id}-status` });
  const seen = h("button", {
    type: "button",
    class: "seen",
    tabindex: "-1",
    onclick: () => act.toggleConfirm(field.key),
  });
  const hint = h("div", { class: "hint", id: `${id}-hint`, hidden: true });
  const label = h(
    "label",
    { for: id, title: field.description },
    h("kbd", { class: "key", "aria-hidden": "true" }, letterOf(number)),
    field.label,
  );
  const cell = h("div", { class: "cell" }, control.element, hint);
  hint.before(old, fresh);
  const row = h(
    "div",
    { class: `f${isWide(field) ? " wide" : ""}` },
    label,
    cell,
    h("div", { class: "tail" }, talk, differs, status, seen),
  );
  setAttr(control.input, "aria-describedby", `${id}-status ${id}-hint`);
  row.addEventListener("mousedown", (event) => {
    // A click beside the input, but inside the row, is a click on the field.
    if (/** @type {Element} */ (event.target).closest("input, textarea, button, label")) return;
    event.preventDefault();
    control.input.focus();
  });
  control.input.addEventListener("focus", () => act.focus(field.key));
  return { field, row, control, old, fresh, differs, talk, status, seen, hint, input: control.input, group: 0 };
}

/**
 * @param {FormField} field
 * @param {string} id
 * @param {FormActions} act
 * @returns {FieldControl}
 */
function buildText(field, id, act) {
  const long = isLongText(field);
  /** @type {HTMLInputElement | HTMLTextAreaElement} */
  const input = h(long ? "textarea" : "input", {
    id,
    class: "text",
    "data-field": field.key,
    autocomplete: "off",
    spellcheck: "false",
    ...(long ? { rows: "1" } : { type: "text" }),
    ...(field.kind === "phone" ? { inputmode: "tel" } : {}),
  });
  const read = () => act.edit(field.key, input.value, true);
  input.addEventListener("input", (event) => {
    if (!(/** @type {InputEvent} */ (event).isComposing)) read();
  });
  input.addEventListener("compositionend", read);
  input.addEventListener("keydown", (/** @type {Event} */ pressed) => {
    const event = /** @type {KeyboardEvent} */ (pressed);
    if (isComposing(event) || event.key !== "Enter" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.shiftKey && long) return;
    event.preventDefault();
    act.advance(field.key, event.shiftKey ? -1 : 1);
  });
  return {
    input,
    element: input,
    flush: () => false, // every keystroke is taken as it comes
    draw(value, _chat, placeholder) {
      const text = valueText(value);
      if (input.value !== text && !isComposed(input)) input.value = text; // the rest of the word would be lost
      setAttr(input, "title", text.length > 10 ? text : null); // half fields cut long texts
      setAttr(input, "placeholder", placeholder);
    },
  };
}

/**
 * @param {FormField} field
 * @param {string} id
 * @param {FormActions} act
 * @returns {FieldControl}
 */
function buildChoice(field, id, act) {
  const list = isList(field);
  const input = h("input", {
    id,
    class: "entry",
    type: "text",
    "data-field": field.key,
    autocomplete: "off",
    spellcheck: "false",
  });
  const options = h("span", { class: "options", role: "group", "aria-label": field.label });
  const element = h("div", { class: "choice" }, options, input);
  /** @type {{ value: Value, options: string[], drawn: string }} */
  const shown = { value: list ? [] : "", options: [], drawn: "" };

  /** @param {string} item */
  function pick(item) {
    if (list) act.edit(field.key, toggleItem(shown.value, item), false);
    else act.edit(field.key, sameValue(shown.value, item) ? "" : item, false);
  }

  /** Take what stands in the free entry; true where there was something. */
  function takeEntry() {
    const typed = input.value;
    const text = typed.trim();
    input.value = "";
    input.classList.remove("typing");
    if (typed) act.entering(field.key, "");
    if (!text) return false;
    act.enter(field.key, list ? addItems(shown.value, text) : text);
    return true;
  }

  /** @param {string} text */
  function digit(text) {
    const item = /^[1-9]$/.test(text) ? shown.options[Number(text) - 1] : undefined;
    if (item !== undefined) pick(item);
    return item !== undefined;
  }

  input.addEventListener("keydown", (event) => {
    if (isComposing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") {
      event.preventDefault();
      act.advance(field.key, event.shiftKey ? -1 : 1, () => takeEntry() && list);
    } else if (input.value === "" && digit(event.key)) event.preventDefault();
    else if (event.key === "Backspace" && input.value === "" && !event.repeat) {
      const items = splitItems(shown.value);
      if (items.length) act.edit(field.key, list ? items.slice(0, -1) : "", false);
    }
  });
  /**
   * The journal learns what stands here, once it is text: what an input method still composes is none.
   * @param {Event} event
   */
  function written(event) {
    const isComposing = /** @type {InputEvent} */ (event).isComposing;
    const own = isComposing ? input.value : ownText(input.value);
    if (own !== input.value) input.value = own;
    input.classList.toggle("typing", input.value !== "");
    if (!isComposing) act.entering(field.key, input.value.trim());
  }

  // Some input methods report a digit as key code 229: it then arrives as text and is taken here.
  input.addEventListener("input", (event) => {
    const { isComposing: composes, data } = /** @type {InputEvent} */ (event);
    if (!composes && data === input.value && digit(input.value)) input.value = "";
    written(event);
  });
  input.addEventListener("compositionend", written);
  input.addEventListener("blur", () => {
    if (input.value) takeEntry();
  });

  /**
   * @param {Value} value
   * @param {ChatPayload} chat
   * @param {string} placeholder
   */
  function draw(value, chat, placeholder) {
    const suggested = optionsOf(field, chat);
    const chosen = splitItems(value);
    const own = chosen.filter((item) => !suggested.includes(item));
    shown.value = value;
    shown.options = [...suggested, ...own];
    const state = JSON.stringify([shown.options, chosen]);
    if (state !== shown.drawn) {
      const names = JSON.stringify(shown.options);
      if (options.dataset.names !== names) {
        options.replaceChildren(...shown.options.map((item, i) => optionButton(item, i, suggested.length)));
        options.dataset.names = names;
      }
      [...options.children].forEach((button, i) => setAttr(button, "aria-pressed", chosen.includes(shown.options[i])));
      shown.drawn = state;
    }
    setAttr(input, "placeholder", isEmpty(value) ? placeholder : "");
  }

  /**
   * @param {string} item
   * @param {number} i
   * @param {number} suggested
   */
  function optionButton(item, i, suggested) {
    const mark = i < 9 ? h("sup", { "aria-hidden": "true" }, String(i + 1)) : null;
    const button = h(
      "button",
      { type: "button", class: i < suggested ? "option" : "option own", tabindex: "-1" },
      item,
      mark,
    );
    button.addEventListener("mousedown", (event) => event.preventDefault()); // focus stays, or goes, to the input
    button.addEventListener("click", () => {
      input.focus();
      pick(item);
    });
    return button;
  }

  return { input, element, draw, digit, flush: takeEntry };
}

/**
 * Whether one of these texts is longer than half the form shows on one line (Chinese counts double).
 * @param {string[]} texts
 */
function isLong(...texts) {
  return texts.some((text) => [...text].reduce((sum, letter) => sum + (letter > "\u2e80" ? 2 : 1), 0) > 18);
}

/**
 * Draw a field's value, status and confirmation. `view` is made by the form view.
 * @param {FieldPart} part
 * @param {FieldLook} view
 */
export function drawField(part, view) {
  const { control, input, row } = part;
  setAttr(input, "data-customer", view.customer);
  control.draw(view.value, view.chat, view.placeholder);
  setAttr(row, "data-state", view.confirmed === UNSEEN ? "unseen" : view.confirmed === ONE_BY_ONE ? "one" : "bulk");
  setAttr(row, "data-status", view.tone);
  setText(part.status, view.status);
  setAttr(part.status, "title", view.statusTitle);
  setText(part.seen, view.confirmed === UNSEEN ? "" : "✓");
  setAttr(part.seen, "title", view.confirmed === UNSEEN ? `${UNSEEN}：点一下确认` : view.confirmed);
  setAttr(part.seen, "aria-label", `${part.field.label}：${view.confirmed}`);
  setHidden(part.old, view.old === null);
  if (view.old !== null) {
    setText(part.old, view.old || "（空）");
    setAttr(part.old, "title", `抽取的值：${view.old || "（空）"}。点一下取回（Alt+R）`);
  }
  setHidden(part.fresh, view.fresh === null);
  if (view.fresh !== null) {
    part.fresh.replaceChildren(h("small", {}, "新"), view.fresh || "（空）", caps(chordFor("accept")));
    setAttr(
      part.fresh,
      "title",
      `新的抽取任务的值：${view.fresh || "（空）"}。采用按 ${chordFor("accept")}，保留现在的值按回车`,
    );
  }
  // A long address, and what it was before, need the whole width; it does not jump under somebody's fingers, though.
  const roomy = isLong(valueText(view.value), view.old ?? "", view.fresh ?? "");
  const { activeElement } = /** @type {Document | ShadowRoot} */ (input.getRootNode());
  if (activeElement !== input) row.classList.toggle("roomy", roomy);
  row.classList.toggle("asked", view.fresh !== null);
  row.classList.toggle("folded", view.folded);
  setHidden(part.talk, !view.talk.text);
  setText(part.talk, view.talk.text);
  setAttr(part.talk, "title", view.talk.title);
  setAttr(part.talk, "data-open", view.talk.isOpen);
  setHidden(part.differs, !view.differs);
  setText(part.differs, view.differs);
  setAttr(part.differs, "title", view.differs ? `${view.differing}填得不同（${chordFor("other")} 换）` : null);
  setHidden(part.hint, !view.hint);
  setText(part.hint, view.hint);
  setAttr(part.hint, "data-level", view.level);
  setAttr(input, "aria-invalid", view.level === "warning" ? "true" : null);
}
