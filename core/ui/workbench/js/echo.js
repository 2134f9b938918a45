// @ts-check
// Echo: the reviewer has made the same correction for the third time, and other chats have the same value. They are offered
// in a quiet line and walked through one by one; nothing is changed by itself. Pure but for the storages handed in.
/** @import { EchoPayload, Entry, Store, Value, Walk } from "./types.js" */
/** @import { KeyValueStorage } from "../../js/unanswered.js" */
import { isEmpty, sameValue, valueText } from "./values.js";

const MOST_AWAY = 200;

/** @param {Value} value */
const words = (value) => (isEmpty(value) ? "（空）" : valueText(value));

/**
 * A correction as it is named: the field, what the run said and what was approved.
 * @param {Store} store
 * @param {{ key: string, was: Value, now: Value }} correction
 */
export function correctionText(store, { key, was, now }) {
  const label = store.form.fields.find((field) => field.key === key)?.label ?? key;
  return `${label}：${words(was)} → ${words(now)}`;
}

/** @param {{ key: string, was: Value, now: Value }} correction */
const kindOf = ({ key, was, now }) => JSON.stringify([key, was, now]);

/**
 * The corrections that somebody does not want to be offered any more, per dataset and person.
 * @param {KeyValueStorage} storage
 * @param {Store} store
 */
export function makePutAway(storage, store) {
  const name = () => `shiyao:echo-away:${store.dataset.id}:${store.reviewer}`;

  /** @returns {string[]} */
  function kinds() {
    try {
      const kept = JSON.parse(storage.getItem(name()) ?? "[]");
      return Array.isArray(kept) ? kept : [];
    } catch {
      return []; // forbidden, or not ours
    }
  }

  /** @param {string[]} kept */
  function put(kept) {
    try {
      storage.setItem(name(), JSON.stringify(kept.slice(-MOST_AWAY)));
    } catch {
      // A full storage remembers nothing: it is offered again another time.
    }
  }

  return {
    has: (/** @type {EchoPayload} */ echo) => kinds().includes(kindOf(echo)),
    add: (/** @type {EchoPayload} */ echo) => put([...kinds(), kindOf(echo)]),
    remove: (/** @type {EchoPayload} */ echo) => put(kinds().filter((kind) => kind !== kindOf(echo))),
    /** Bring all back; how many there were. */
    clear() {
      const count = kinds().length;
      if (count) put([]);
      return count;
    },
  };
}

/**
 * The chats of an offer that are still to be looked at here.
 * @param {Store} store
 */
export function offeredChats(store) {
  return (store.echo?.chats ?? []).filter((chat) => !store.decided.has(chat));
}

/**
 * Begin to walk through the chats of an offer; the chat on screen comes first where it is one of them.
 * @param {Store} store
 * @returns {Walk | null}
 */
export function startWalk(store) {
  const { echo, current } = store;
  const chats = offeredChats(store);
  if (!echo || !chats.length) return null;
  const ordered =
    current !== null && chats.includes(current) ? [current, ...chats.filter((c) => c !== current)] : chats;
  const { key, was, now } = echo;
  store.walk = { key, was, now, chats: ordered, left: ordered, held: [], home: current };
  store.echo = null;
  followWalk(store, current);
  return store.walk;
}

/**
 * Let the queue be the walk: the chats that are left of it, and the one on screen.
 * @param {Store} store
 * @param {number | null} at
 */
export function followWalk(store, at) {
  const { walk } = store;
  if (!walk) return;
  const left = new Set(walk.left);
  store.queue = walk.chats.filter((chat) => chat === at || left.has(chat));
  store.queueAt = at;
}

/**
 * Take what the server says of the walk: what others decided or are at is passed over.
 * @param {Store} store
 * @param {Record<string, number[]> | undefined} said `open` and `held`
 */
export function takeWalk(store, said) {
  if (said && store.walk) store.walk = { ...store.walk, left: said.open, held: said.held };
}

/**
 * How a walk ended: how many were decided here, by others, and left.
 * @param {Store} store
 * @param {Walk} walk
 */
export function walkText(store, walk) {
  const mine = walk.chats.filter((chat) => store.decided.has(chat));
  const left = walk.left.filter((chat) => !store.decided.has(chat) && !walk.held.includes(chat));
  const others = walk.chats.length - mine.length - left.length - walk.held.length;
  return [
    `同类改动处理了 ${mine.length} / ${walk.chats.length} 处`,
    others > 0 ? `${others} 处别人已处理` : "",
    walk.held.length ? `${walk.held.length} 处别人正在审` : "",
    left.length ? `${left.length} 处没动` : "",
  ]
    .filter(Boolean)
    .join("，");
}

/**
 * Where a chat opens in a walk: at the customer and field whose value is the one that was corrected; else null.
 * @param {Store} store
 * @param {Entry | null} entry
 */
export function placeInWalk(store, entry) {
  const { walk } = store;
  if (!walk || !entry || !walk.chats.includes(entry.chat.chat)) return null;
  const customer = entry.work.findIndex(({ values }) => sameValue(values[walk.key], walk.was));
  return customer < 0 ? null : { customer, field: walk.key };
}
