// @ts-check
/* What the record table does in its frame. Values are edited here but changed by the server: AgGrid runs with
   readOnlyEdit, an edit is shown at once, sent, and stays in the outbox (and in the browser's storage) until the
   server has answered it. The frame's window carries the state; the component evaluates this file again whenever its
   options change, which must not begin anew. */
/** @import { KeyValueStorage } from "../js/unanswered.js" */
import { hiddenColumns } from "../js/hidden_columns.js";
import { makeUnanswered, restoreInto, takeAnswered } from "../js/unanswered.js";

/**
 * What was asked for in the table; an edit has its row, column, values and the record's version.
 * @typedef {{ kind: string, row?: string, key?: string, value?: string, was?: string, version?: number, of?: string }} Ask
 * @typedef {Ask & { id: string, made: number }} Asked
 */

/**
 * Edits that a browser kept in one list before each had a storage item of its own.
 * @param {KeyValueStorage} storage
 * @param {string} key
 * @returns {Asked[]}
 */
export function readOldEdits(storage, key) {
  try {
    const edits = JSON.parse(storage.getItem(key) || "[]");
    return edits.map((/** @type {Asked} */ edit, /** @type {number} */ place) => ({ ...edit, made: place }));
  } catch (error) {
    console.warn("what was kept in this browser cannot be read", error);
    return [];
  }
}

/** Columns out of sight that are named: there is room for so many below the table. */
const NAMED = 4;

/**
 * Set up the table in its frame, once; returns the function that gives a row its id. AgGrid has no types in this
 * repository: what it hands over is `any`.
 * @param {Window & { shiyao?: any }} frame
 */
export function setUpGrid(frame) {
  if (frame.shiyao) return frame.shiyao.rowId;

  const OPEN = "_chat";
  /** @type {Asked[]} */
  const outbox = []; /* the same array for good: whichever event is sent first, it carries all that was asked for */
  /** @type {string[]} */
  const undoable = [];
  let news = false;
  let kept = makeUnanswered(localStorage, "");

  const name = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => byte.toString(16).padStart(2, "0")).join("");

  const ask = (/** @type {Ask} */ request) => {
    const asked = { id: name(), made: Date.now(), ...request };
    outbox.push(asked);
    news = true;
    if (asked.kind === "edit") kept.put(`edit:${asked.id}`, asked);
    return asked.id;
  };

  const show = (/** @type {any} */ api, /** @type {Ask} */ edit) => {
    const node = api.getRowNode(edit.row);
    if (!node) return;
    node.data[edit.key ?? ""] = edit.value;
    api.refreshCells({ rowNodes: [node], columns: [edit.key], force: true });
  };

  const first = (/** @type {any} */ api) => api.getDisplayedRowAtIndex(0)?.data ?? {};
  const has = (/** @type {string | undefined} */ list, /** @type {string | undefined} */ key) =>
    `|${list || ""}|`.includes(`|${key}|`);

  const take = (/** @type {string} */ trigger, /** @type {any} */ event) => {
    const api = event.api;
    if (trigger === "cellEditRequest") {
      const was = event.oldValue ?? "";
      const value = event.newValue ?? "";
      if (was === value) return;
      const edit = {
        kind: "edit",
        row: event.data._id,
        key: event.colDef.field,
        value,
        was,
        version: event.data._version,
      };
      undoable.push(ask(edit));
      show(api, edit);
    } else if (trigger === "cellClicked") {
      if (event.colDef.field === OPEN) ask({ kind: "open", row: event.data._id });
    } else if (trigger === "cellKeyDown") {
      const key = event.event;
      if (key.key === "Enter" && key.altKey) ask({ kind: "open", row: event.data._id });
      if (key.key.toLowerCase() === "z" && (key.ctrlKey || key.metaKey) && !key.shiftKey) {
        const last = undoable.pop();
        if (last) ask({ kind: "undo", of: last });
      }
    }
  };

  /* What an earlier page of this browser has sent and never heard of is sent again. */
  const begin = (/** @type {any} */ event) => {
    const { dataset, reviewer } = event.context;
    kept = makeUnanswered(localStorage, `shiyao.records:${dataset}:by:${encodeURIComponent(reviewer)}:`);
    // Older pages kept them in one item, then in items that named nobody: whoever comes first here made them.
    const before = `shiyao.records.${dataset}`;
    const ofNobody = makeUnanswered(localStorage, `shiyao.records:${dataset}:`);
    const old = [...readOldEdits(localStorage, before), .../** @type {Asked[]} */ (ofNobody.all("edit"))];
    for (const edit of old) kept.put(`edit:${edit.id}`, edit);
    if (!kept.isBroken()) {
      localStorage.removeItem(before);
      for (const { id } of old) ofNobody.drop(`edit:${id}`);
    }
    restoreInto(outbox, /** @type {Asked[]} */ (kept.all("edit")), ({ id }) => id);
    news = outbox.length > 0;
    if (news) setTimeout(() => event.api.refreshClientSideRowModel());
    watchColumns(event.api);
  };

  /* Below the table stands which of its columns are out of sight. */
  const watchColumns = (/** @type {any} */ api) => {
    const line = document.createElement("div");
    line.className = "shiyao-hidden";
    const sides = [document.createElement("span"), document.createElement("span")];
    line.append(...sides);
    document.body.append(line);
    const tell = () => {
      const columns = api.getAllDisplayedColumns().filter((/** @type {any} */ column) => !column.getPinned());
      const texts = hiddenColumns(
        columns.map((/** @type {any} */ column) => ({
          title: column.getColDef().headerName ?? "",
          left: column.getLeft() ?? 0,
          width: column.getActualWidth(),
        })),
        api.getHorizontalPixelRange(),
        NAMED,
      );
      for (const [i, side] of sides.entries()) side.textContent = texts[i];
    };
    for (const name of [
      "bodyScroll",
      "gridSizeChanged",
      "columnResized",
      "firstDataRendered",
      "displayedColumnsChanged",
    ])
      api.addEventListener(name, () => requestAnimationFrame(tell));
    tell();
  };

  const answered = (/** @type {any} */ { api }) => {
    const said = first(api);
    for (const { id } of takeAnswered(outbox, (one) => has(said._answered, one.id))) kept.drop(`edit:${id}`);
    for (const edit of outbox) if (edit.kind === "edit" && !has(said._held, edit.id)) show(api, edit);
    api.refreshCells({ force: true });
  };

  const waits = (/** @type {any} */ p) =>
    outbox.some((one) => one.row === p.data._id && one.key === p.colDef.field && !has(p.data._kept, one.key));

  class Editor {
    /** @type {any} */
    params;
    gui = document.createElement("div");
    /** @type {HTMLInputElement | HTMLTextAreaElement} */
    input = document.createElement("input");
    list = document.createElement("datalist");
    typed = false;

    /** @param {any} params */
    init(params) {
      this.params = params;
      const long = params.long;
      this.gui.className = long ? "shiyao-editor long" : "shiyao-editor";
      this.input = document.createElement(long ? "textarea" : "input");
      this.input.value = params.eventKey && params.eventKey.length === 1 ? params.eventKey : (params.value ?? "");
      this.typed = this.input.value !== (params.value ?? "");
      this.input.setAttribute("aria-label", params.colDef.headerName);
      if (this.input instanceof HTMLTextAreaElement) this.input.rows = 5;
      this.input.addEventListener("keydown", (/** @type {any} */ event) => {
        const composing = event.isComposing || event.keyCode === 229;
        const inside = long && (event.shiftKey || event.key.startsWith("Arrow"));
        if (composing || (inside && event.key !== "Tab")) event.stopPropagation();
      });
      this.gui.append(this.input);
      if (params.choices.length) {
        this.list.id = `choices-${name()}`;
        this.input.setAttribute("list", this.list.id);
        this.gui.append(this.list);
        this.offer();
        this.input.addEventListener("input", () => this.offer());
      }
    }
    offer() {
      const { choices, several } = this.params;
      const parts = several ? this.input.value.split("、") : [];
      const before = parts.slice(0, -1);
      const whole = several && choices.includes(parts[parts.length - 1]) ? parts : before;
      const left = choices.filter((/** @type {string} */ choice) => !whole.includes(choice));
      this.list.replaceChildren(
        ...left.map((/** @type {string} */ choice) =>
          Object.assign(document.createElement("option"), { value: [...whole, choice].join("、") }),
        ),
      );
    }
    getGui() {
      return this.gui;
    }
    afterGuiAttached() {
      this.input.focus();
      if (!this.typed) this.input.select();
    }
    isPopup() {
      return this.params.long;
    }
    getValue() {
      return this.input.value;
    }
  }

  frame.shiyao = {
    rowId: (/** @type {any} */ p) => p.data._id,
    collect: (/** @type {any} */ { streamlitRerunEventTriggerName, eventData }) => {
      take(streamlitRerunEventTriggerName, eventData);
      return { outbox, ticked: eventData.api.getSelectedNodes().map((/** @type {any} */ node) => node.id) };
    },
    wanted: (/** @type {any} */ { streamlitRerunEventTriggerName }) => {
      const send = news || streamlitRerunEventTriggerName === "selectionChanged";
      news = false;
      return send;
    },
    begin,
    answered,
    waits,
    fresh: (/** @type {any} */ p) => has(p.data._fresh, p.colDef.field),
    held: (/** @type {any} */ p) => has(p.data._kept, p.colDef.field),
    corrected: (/** @type {any} */ p) => has(p.data._corrected, p.colDef.field),
    ours: (/** @type {any} */ p) => !p.editing && p.event.key === "Enter" && p.event.altKey,
    Editor,
  };
  return frame.shiyao.rowId;
}
