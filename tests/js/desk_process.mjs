// @ts-check
// Desks for tests in Python: the workbench's real journal, state and sync, without a screen. One JSON line in, one out.
//
// A browser is a localStorage; a desk is one page in it. Nothing happens by itself: timers never fire, `flush` is what
// they would do.
import { createInterface } from "node:readline";

globalThis.setTimeout = /** @type {any} */ (() => 0);
globalThis.clearTimeout = () => {};
const { confirmRest, editField, isDirty, noteDecision, undoDecision } = await import(
  "../../core/ui/workbench/js/model.js"
);
const { openWarnings } = await import("../../core/ui/workbench/js/advice.js");
const { conflictRows, settleConflict } = await import("../../core/ui/workbench/js/outbox.js");
const { makeStore, receive } = await import("../../core/ui/workbench/js/state.js");
const { makeSync } = await import("../../core/ui/workbench/js/sync.js");
const { storage } = await import("./fixtures.mjs");

const browsers = new Map();
const desks = new Map();
let now = 1_000;
let ids = 0;

/** @typedef {any} Any a desk, or what is to be done there: both come from Python */

/** @param {Any} step */
function open({ desk, browser }) {
  if (!browsers.has(browser)) browsers.set(browser, storage());
  const store = makeStore();
  const sync = makeSync(store, {
    emit() {},
    storage: browsers.get(browser),
    clock() {
      now += 1;
      return now;
    },
    makeId() {
      ids += 1;
      return `save-${String(ids).padStart(8, "0")}`;
    },
    onChange() {},
  });
  desks.set(desk, { store, sync, browser });
}

/**
 * As `Workbench.take` does.
 * @param {Any} desk
 * @param {Any} step
 */
function take({ store, sync }, { payload }) {
  if (store.session !== null && store.session !== payload.session) sync.flushDrafts();
  sync.settle(receive(store, payload, sync.restore));
  for (const entry of store.entries.values()) {
    if (!entry.conflict?.theirs || conflictRows(entry, store.form).length) continue;
    sync.save(entry, settleConflict(entry, store.form, new Set()));
  }
}

/** @type {Record<string, (desk: Any, step: Any) => void>} */
const actions = {
  take,
  type({ store, sync }, { chat, key, value }) {
    const entry = store.entries.get(chat);
    if (!entry) return;
    editField(entry, 0, key, value, now);
    sync.touch(entry);
  },
  flush: ({ sync }) => sync.flushDrafts(),
  /** As `decide` in commands.js does; a stop at the gate is a look at what stands there. */
  decide({ store, sync }, { chat, status, note }) {
    const entry = store.entries.get(chat);
    if (!entry || entry.conflict) return;
    const before = entry.work;
    if (status === "已确认") confirmRest(entry, store.form, now);
    noteDecision(entry, before, entry.status);
    sync.save(entry, status, note);
  },
  undo({ store, sync }, { chat }) {
    const entry = store.entries.get(chat);
    if (!entry?.decided || entry.conflict) return;
    const was = entry.status;
    sync.save(entry, undoDecision(entry) ?? was, entry.note, `撤销「${was}」`, true);
  },
  /** Settle a conflict: `taken` says which rows, counted, become theirs. */
  settle({ store, sync }, { chat, taken }) {
    const entry = store.entries.get(chat);
    if (!entry?.conflict) return;
    const rows = conflictRows(entry, store.form).filter((_, number) => taken[number % taken.length]);
    sync.save(entry, settleConflict(entry, store.form, new Set(rows.map((row) => row.id))));
  },
  /** Press 按所选保存 as it stands there; a row without a default has to be chosen, `taken` says how. */
  settle_as_proposed({ store, sync }, { chat, taken }) {
    const entry = store.entries.get(chat);
    if (!entry?.conflict) return;
    const rows = conflictRows(entry, store.form).filter(({ untouched, unknown }) => (unknown ? taken : untouched));
    sync.save(entry, settleConflict(entry, store.form, new Set(rows.map((row) => row.id))));
  },
  retry: ({ sync }) => sync.retry(true),
};

/**
 * What is on screen of a chat, and what waits to be sent.
 * @param {Any} desk
 * @param {number} chat
 */
function seen({ store, sync, browser }, chat) {
  const entry = store.entries.get(chat);
  return {
    outbox: store.outbox.map((/** @type {Any} */ { sent, ...save }) => save),
    state: sync.state(),
    shown: entry && {
      customers: entry.work.map((/** @type {Any} */ { values, delta }) => ({ values, delta })),
      note: entry.note,
      status: entry.status,
      version: entry.version,
      dirty: isDirty(entry),
      conflict: entry.conflict,
      rejected: entry.rejected,
      warnings: openWarnings(entry, store.form).map(({ text }) => text),
    },
    kept: [...browsers.get(browser).items],
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { desk, chat, steps } = JSON.parse(line);
  for (const step of steps) {
    if (step.do === "open") open({ desk, ...step });
    else actions[step.do](desks.get(desk), { chat, ...step });
  }
  process.stdout.write(`${JSON.stringify(seen(desks.get(desk), chat))}\n`);
}
