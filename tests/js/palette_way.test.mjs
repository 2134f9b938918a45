// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeWay } from "../../core/ui/js/palette_way.js";

function recorded() {
  /** @type {string[]} */
  const said = [];
  const way = makeWay(({ page }) => said.push(`load ${page}`));
  const open = (/** @type {{ page: string }} */ { page }) => void said.push(`open ${page}`);
  return { said, way, open };
}

test("what is picked while one page goes and another comes opens in the session, once", () => {
  const { said, way, open } = recorded();
  way.connect(open);
  way.follow({ page: "runs", query: {} }, true);
  way.disconnect();
  way.follow({ page: "scores", query: {} }, true);
  way.follow({ page: "compare", query: {} }, true); // who changed their mind
  assert.deepEqual(said, ["open runs"]);
  way.connect(open);
  way.connect(open);
  assert.deepEqual(said, ["open runs", "open compare"]);
});

test("without a session, or where no page comes, it is loaded", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { said, way, open } = recorded();
  way.follow({ page: "runs", query: {} }, false);
  way.follow({ page: "scores", query: {} }, true);
  t.mock.timers.tick(60_000);
  assert.deepEqual(said, ["load runs", "load scores"]);
  way.connect(open);
  assert.equal(said.length, 2);
});
