// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { rememberPlace } from "../../core/ui/workbench/js/frame.js";

/**
 * What an address becomes while a chat of dataset 2 is on the desk's screen.
 * @param {string} href
 * @param {number | null} current
 */
function named(href, current) {
  const page = {
    location: { href },
    history: {
      state: null,
      replaceState(/** @type {unknown} */ _state, /** @type {string} */ _title, /** @type {URL} */ url) {
        page.location.href = url.href;
      },
    },
  };
  Object.assign(globalThis, { window: page });
  rememberPlace({ current, dataset: { id: 2, name: "数据" } }, "/workbench");
  return page.location.href;
}

const SERVER = "http://127.0.0.1:8501";

test("the address names the chat on screen again after the server has named one before", () => {
  const old = `${SERVER}/workbench?dataset=2&chat=13&discussion=4`;
  assert.equal(named(old, 15), `${SERVER}/workbench?dataset=2&chat=15`);
  assert.equal(named(`${SERVER}/workbench`, 15), `${SERVER}/workbench?chat=15`);
  assert.equal(named(old, 13), old, "what is right stays as it is");
});

test("the address of another page or dataset, and of an empty screen, is left alone", () => {
  for (const href of [`${SERVER}/records?dataset=2`, `${SERVER}/workbench?dataset=3`])
    assert.equal(named(href, 15), href);
  assert.equal(named(`${SERVER}/workbench?chat=13`, null), `${SERVER}/workbench?chat=13`);
});
