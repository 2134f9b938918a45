// @ts-check
// The chat panes: built ahead, laid out and painted behind the one in front, so that moving on only swaps layers.
/** @import { Entry, FormView, Pane, PaneHandlers, WorkCustomer } from "./types.js" */
import { buildPane, lightEvidence, paintMarks, updatePane, updateResidue } from "./chat_view.js";
import { clearHits } from "./find.js";
import { openMissed } from "./missed.js";
import { markOf } from "./model.js";

/** Panes kept for going back: each one more is styled, laid out and painted with all others. */
const PANES_KEPT = 1;
/** The colour of what stands in no form, behind those of the groups. */
const NOWHERE = 6;

/**
 * Keep the panes of a host. `entryFor(chat)` gives a chat in work; `handlers` as in chat_view.js.
 * @param {HTMLElement} host
 * @param {(chat: number) => Entry | null} entryFor
 * @param {PaneHandlers} handlers
 */
export function makePanes(host, entryFor, handlers) {
  /** @type {Map<number, Pane>} */
  const panes = new Map();
  /** @type {number | null} */
  let front = null;

  /** @param {number} chat */
  function build(chat) {
    const entry = entryFor(chat);
    if (!entry) return null;
    const pane = buildPane(entry.chat, handlers.formNow(), handlers);
    place(pane, false);
    panes.set(chat, pane);
    host.append(pane.element);
    return pane;
  }

  /**
   * Panes behind are covered, not hidden: `visibility` or `display` would style and lay out all messages again.
   * @param {Pane} pane
   * @param {boolean} inFront
   */
  function place(pane, inFront) {
    pane.element.classList.toggle("behind", !inFront);
    pane.element.setAttribute("aria-hidden", String(!inFront));
    pane.residueSwitch.tabIndex = pane.narrowSwitch.tabIndex = inFront ? 0 : -1;
  }

  /** @param {number} chat */
  function drop(chat) {
    panes.get(chat)?.element.remove();
    panes.delete(chat);
    if (front === chat) front = null;
  }

  return {
    get: (/** @type {number | null} */ chat) => (chat === null ? null : (panes.get(chat) ?? null)),
    front: () => front,
    drop,
    dropAll: () => [...panes.keys()].forEach(drop),

    /**
     * Bring a chat's pane to the front; returns it, or null where the chat has not come yet.
     * @param {number | null} chat
     */
    show(chat) {
      const next = chat === null ? null : (panes.get(chat) ?? build(chat));
      const last = front !== null && front !== chat ? panes.get(front) : null;
      if (last) {
        clearHits(last);
        place(last, false);
      }
      if (next) place(next, true);
      front = next ? chat : null;
      return next;
    },

    /**
     * Build the pane of the chat that comes next, and let go of old ones.
     * @param {number | null} chat
     * @param {FormView | null} form
     */
    prepare(chat, form) {
      const pane = chat === null ? null : (panes.get(chat) ?? build(chat));
      const entry = chat === null ? null : entryFor(chat);
      if (pane && entry && form) paint(pane, entry, 0, form);
      const spare = [...panes.keys()].filter((other) => other !== front && other !== chat);
      spare.slice(0, Math.max(0, spare.length - PANES_KEPT)).forEach(drop);
    },

    /**
     * Take what came again for a chat: slices, residue. One with other messages is built anew.
     * @param {number} chat
     * @param {boolean} residueWanted
     */
    refresh(chat, residueWanted) {
      const pane = panes.get(chat);
      const entry = entryFor(chat);
      if (!pane || !entry) return;
      if (pane.list.messages().length !== entry.chat.messages.length) {
        drop(chat);
        return;
      }
      updatePane(pane, entry.chat);
      updateResidue(pane, entry.chat, residueWanted);
      pane.painted = null;
    },
  };
}

/**
 * Colour the evidence of one customer by the groups of the form, and what no form holds; nothing happens where it is
 * coloured so already.
 * @param {Pane} pane
 * @param {Entry} entry
 * @param {number} index
 * @param {FormView} form
 */
export function paint(pane, entry, index, form) {
  const customer = entry.work[index];
  const groups = new Map(openMissed(entry).map((one) => [one.id, NOWHERE]));
  for (const [key, part] of form.parts)
    for (const id of markOf(customer, key)?.evidence ?? []) groups.set(id, part.group);
  const state = JSON.stringify([...groups]);
  if (pane.painted === state) return;
  paintMarks(pane, (id) => groups.get(id) ?? 0);
  pane.painted = state;
}

/**
 * Light the evidence of the field in focus; returns the places to visit, in order.
 * @param {Pane} pane
 * @param {WorkCustomer} customer
 * @param {string} key
 */
export function light(pane, customer, key) {
  const mark = key ? markOf(customer, key) : null;
  return lightEvidence(pane, mark?.evidence ?? [], mark?.messages ?? [], (key && customer.pinned[key]) || []);
}
