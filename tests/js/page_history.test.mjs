// @ts-check
// Which addresses of a page are entries of their own in the browser's history.
import assert from "node:assert/strict";
import test from "node:test";
import { keepOneEntryForEach, saysMoreOf } from "../../core/ui/js/page_history.js";

const HOST = "http://shiyao.test";

/** A browser's history with an address; `touch` is what somebody does on the page. */
function browser() {
  /** @type {(() => void)[]} */
  const listeners = [];
  const entries = [`${HOST}/`];
  const location = { href: entries[0] };
  const go = (/** @type {string} */ url) => {
    location.href = new URL(url, location.href).href;
  };
  const history = {
    pushState(/** @type {unknown} */ _data, /** @type {string} */ _unused, /** @type {string} */ url) {
      go(url);
      entries.push(location.href);
    },
    replaceState(/** @type {unknown} */ _data, /** @type {string} */ _unused, /** @type {string} */ url) {
      go(url);
      entries[entries.length - 1] = location.href;
    },
  };
  const addEventListener = (/** @type {string} */ name, /** @type {() => void} */ listener) => {
    if (name === "pointerdown") listeners.push(listener);
  };
  keepOneEntryForEach(/** @type {any} */ ({ history, location, addEventListener }));
  const touch = () => {
    for (const listener of listeners) listener();
  };
  return { push: (/** @type {string} */ url) => history.pushState({}, "", url), touch, entries };
}

test("a page that fills in its own address is one entry", () => {
  const { push, touch, entries } = browser();
  touch(); // the link
  push("/workbench");
  push("/workbench?chat=2");
  push("/workbench?chat=2&run=1");
  assert.deepEqual(entries, [`${HOST}/`, `${HOST}/workbench?chat=2&run=1`]);
});

test("what somebody does on a page is an entry of its own, as another page is", () => {
  const { push, touch, entries } = browser();
  push("/records");
  touch();
  push("/records?text=a");
  push("/records?text=b");
  push("/scores");
  assert.deepEqual(
    entries.map((one) => one.slice(HOST.length)),
    ["/", "/records", "/records?text=a", "/records?text=b", "/scores"],
  );
});

test("an address that says something else of the page does not say more of it", () => {
  const at = (/** @type {string} */ address) => new URL(address, HOST);
  assert.equal(saysMoreOf(at("/a"), at("/a?x=1")), true);
  for (const other of ["/a?x=2", "/a", "/b?x=1"]) assert.equal(saysMoreOf(at("/a?x=1"), at(other)), false);
});
