// @ts-check
// Two pages of one person in one browser: what is half typed on one of them is no work of the other, as long as it is open.
import assert from "node:assert/strict";
import { test } from "node:test";
import { releaseDrafts } from "../../core/ui/workbench/js/journal.js";
import { editField } from "../../core/ui/workbench/js/model.js";
import { joinPages } from "../../core/ui/workbench/js/open_pages.js";
import { makeStore, receive } from "../../core/ui/workbench/js/state.js";
import { makeSync } from "../../core/ui/workbench/js/sync.js";
import { chat, customer, entryOf, payload, soon, storage, world } from "./fixtures.mjs";

/** A browser: a storage, and a line between its pages. */
function browser() {
  /** @type {any[]} */
  const channels = [];
  const kept = storage();
  return {
    kept,
    /** @param {string} id */
    open(id) {
      const channel = {
        onmessage: /** @type {any} */ (null),
        postMessage(/** @type {unknown} */ data) {
          for (const other of channels) if (other !== channel) other.onmessage({ data });
        },
      };
      channels.push(channel);
      /** @type {number[]} */
      const replaced = [];
      const desk = world(makeStore, makeSync, kept, {
        pages: joinPages(id, channel, () => soon(1)),
        onLeft: () => replaced.push(...take(desk).replaced),
      });
      take(desk);
      return { ...desk, replaced, close: () => channels.splice(channels.indexOf(channel), 1) };
    },
  };
}

/**
 * @param {any} desk
 * @param {Record<string, unknown>} [extra]
 */
function take(desk, extra) {
  const effects = receive(desk.store, payload(extra), desk.sync.restore);
  desk.sync.settle(effects);
  return effects;
}

/**
 * Text in a free entry, not entered yet.
 * @param {any} desk
 * @param {string} text
 */
function halfType(desk, text) {
  const entry = entryOf(desk.store);
  desk.sync.touchEntry(entry, { uid: entry.work[0].uid, key: "明细", text });
}

/** @param {any} desk */
const detail = (desk) => entryOf(desk.store).work[0].values["明细"];

test("a second page takes nothing that is half typed on the first", async () => {
  const tabs = browser();
  const first = tabs.open("a");
  halfType(first, "书桌五");
  const second = tabs.open("b");
  await soon(20);
  take(second);
  assert.deepEqual([second.store.outbox, detail(second)], [[], ""]);
  assert.deepEqual(
    second.emitted.filter(([name]) => name === "outbox"),
    [],
  );
  assert.equal(second.sync.state(), "saved");
  halfType(first, "书桌五千");
  assert.match([...tabs.kept.items.values()].join(), /书桌五千/);
});

test("each page has a draft of its own of the same chat", async () => {
  const tabs = browser();
  const first = tabs.open("a");
  const second = tabs.open("b");
  halfType(first, "一");
  halfType(second, "二");
  second.sync.touchEntry(entryOf(second.store), null);
  assert.equal(tabs.kept.items.size, 1);
  second.sync.stop();
  releaseDrafts(tabs.kept, "b");
  releaseDrafts(tabs.kept, "a");
  first.close();
  assert.equal(detail(tabs.open("c")), "一");
});

test("what a page left that is gone comes back at once", () => {
  const tabs = browser();
  const first = tabs.open("a");
  halfType(first, "书桌五");
  first.close();
  releaseDrafts(tabs.kept, "a");
  const again = tabs.open("b");
  assert.equal(detail(again), "书桌五");
  assert.equal(tabs.kept.items.size, 1, "as a save");
});

test("what a page left that crashed comes back as soon as it does not answer", async () => {
  const tabs = browser();
  const first = tabs.open("a");
  halfType(first, "书桌五");
  first.close();
  const again = tabs.open("b");
  assert.equal(detail(again), "");
  await soon(20);
  assert.deepEqual([detail(again), again.replaced.includes(1)], ["书桌五", true]);
  assert.equal(entryOf(again.store).restored, true);
  await soon();
  const [save] = again.emitted.findLast(([name]) => name === "outbox")[1];
  assert.equal(save.customers[0].values["明细"], "书桌五");
  take(again, {
    acks: [{ save_id: save.save_id, result: "saved", version: 1 }],
    chats: [chat(1, { version: 1, customers: [customer({ 明细: "书桌五" })] })],
  });
  assert.deepEqual([tabs.kept.items.size, detail(again), again.sync.state()], [0, "书桌五", "saved"]);
});

test("what a crashed page left does not come under what is typed here meanwhile", async () => {
  const tabs = browser();
  const first = tabs.open("a");
  halfType(first, "旧的");
  first.close();
  const again = tabs.open("b");
  editField(entryOf(again.store), 0, "明细", "新的", 0);
  again.sync.touch(entryOf(again.store));
  await soon(20);
  assert.equal(detail(again), "新的");
  assert.match([...tabs.kept.items.values()].join(), /旧的/, "it waits for the next page");
});
