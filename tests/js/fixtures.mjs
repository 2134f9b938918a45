// @ts-check
// A small form and chats for the tests of the workbench's pure modules.
/** @import { FormPayload } from "../../core/ui/workbench/js/types.js" */

/** @type {FormPayload} */
export const FORM = {
  name: "small",
  reference: "small@1",
  title: "小表单",
  version: 1,
  subject: "客户",
  staff: "客服",
  name_field: "姓名",
  groups: ["基本", "其他"],
  fields: [
    {
      key: "姓名",
      label: "姓名",
      group: "基本",
      type: "str",
      kind: "person",
      nature: "verbatim",
      points: 1,
      one_right_answer: true,
      values: [],
      description: "",
    },
    {
      key: "电话",
      label: "电话",
      group: "基本",
      type: "str",
      kind: "phone",
      nature: "verbatim",
      points: 1,
      one_right_answer: true,
      values: [],
      description: "",
    },
    {
      key: "类型",
      label: "类型",
      group: "其他",
      type: "list[str]",
      kind: "choice",
      nature: "judgement",
      points: 2,
      one_right_answer: true,
      values: ["询价", "答疑"],
      description: "",
    },
    {
      key: "明细",
      label: "明细",
      group: "其他",
      type: "str",
      kind: "text",
      nature: "verbatim",
      points: 3,
      one_right_answer: true,
      values: [],
      description: "",
    },
  ],
};

/**
 * A customer, as much of it as a test wants to say.
 * @param {Record<string, unknown>} [values]
 * @param {Record<string, unknown>} [extra]
 * @returns {any}
 */
export function customer(values = {}, extra = {}) {
  const whole = { 姓名: "甲", 电话: "", 类型: [], 明细: "", ...values };
  return { values: whole, baseline: { ...whole }, origin: 0, confirmed: {}, marks: {}, pinned: {}, ...extra };
}

/**
 * A chat.
 * @param {number} index
 * @param {Record<string, any>} [options]
 * @returns {any}
 */
export function chat(index, { version = 0, customers = [customer()], ...extra } = {}) {
  return {
    chat: index,
    chat_id: index,
    record_id: version ? index : 0,
    version,
    status: version ? "草稿" : "未审阅",
    reviewer: "",
    note: "",
    run: null,
    counts: {},
    residue: { copies: 0, characters: 0, text: "" },
    speakers: [],
    messages: [],
    warnings: [],
    customers,
    ...extra,
  };
}

/**
 * A payload.
 * @param {Record<string, unknown>} [extra]
 * @returns {any}
 */
export function payload(extra = {}) {
  return {
    form: FORM,
    session: "s",
    reviewer: "林晓",
    dataset: { id: 1, name: "数据" },
    open: 1,
    acks: [],
    error: "",
    order: { next: [2, 3], prev: [] },
    chats: [chat(1), chat(2), chat(3)],
    ...extra,
  };
}

/** localStorage over a Map. */
export function storage() {
  /** @type {Map<string, string>} */
  const items = new Map();
  return {
    items,
    get length() {
      return items.size;
    },
    key: (/** @type {number} */ i) => [...items.keys()][i] ?? null,
    getItem: (/** @type {string} */ key) => items.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => void items.set(key, String(value)),
    removeItem: (/** @type {string} */ key) => void items.delete(key),
  };
}

/**
 * The chat on screen.
 * @param {any} store
 */
export function entryOf(store) {
  const entry = store.entries.get(store.current);
  if (!entry) throw new Error("no chat on screen");
  return entry;
}

/**
 * A sync over a store with everything controlled: what was emitted, the time, the storage.
 * @param {typeof import("../../core/ui/workbench/js/state.js").makeStore} makeStore
 * @param {typeof import("../../core/ui/workbench/js/sync.js").makeSync} makeSync
 * @param {ReturnType<typeof storage>} [kept]
 * @param {Partial<import("../../core/ui/workbench/js/types.js").SyncOptions>} [options]
 * @returns {{ store: any, sync: any, emitted: any[], kept: ReturnType<typeof storage>, at: { now: number } }}
 */
export function world(makeStore, makeSync, kept = storage(), options = {}) {
  const store = makeStore();
  /** @type {[string, any][]} */
  const emitted = [];
  let id = 0;
  const at = { now: 1_000 };
  const sync = makeSync(store, {
    emit: (/** @type {string} */ name, /** @type {unknown} */ value) => emitted.push([name, structuredClone(value)]),
    storage: kept,
    clock: () => at.now,
    makeId() {
      id += 1;
      return `id-${id}-${kept.items.size}`;
    },
    onChange() {},
    ...options,
  });
  return { store, sync, emitted, kept, at };
}

export const soon = (milliseconds = 5) => new Promise((resolve) => setTimeout(resolve, milliseconds));
