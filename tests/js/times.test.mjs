// @ts-check
// Times beside messages: as much of each as the one before does not say.
import assert from "node:assert/strict";
import { test } from "node:test";

import { shownTime } from "../../core/ui/workbench/js/messages.js";

test("a day is shown once, a minute once", () => {
  assert.equal(shownTime("2024-01-02T10:21:00", ""), "2024-01-02 10:21");
  assert.equal(shownTime("2024-01-02T10:21:40", "2024-01-02T10:21:00"), "");
  assert.equal(shownTime("2024-01-02T10:22:00", "2024-01-02T10:21:40"), "10:22");
  assert.equal(shownTime("2024-01-03T10:22", "2024-01-02T10:22:00"), "2024-01-03 10:22");
});

test("a clock without a day", () => {
  assert.equal(shownTime("10:21", ""), "10:21");
  assert.equal(shownTime("10:21:30", "10:21"), "");
  assert.equal(shownTime("10:22", "2024-01-02T10:21:00"), "10:22");
});
