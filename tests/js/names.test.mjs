// @ts-check
// The rule who is who, tested by the file that tests/domain/test_person_names.py reads too.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { placesOf } from "../../core/ui/workbench/js/incoming.js";
import { matchPeople, samePerson } from "../../core/ui/workbench/js/names.js";
import { FORM } from "./fixtures.mjs";

const VECTORS = JSON.parse(readFileSync(new URL("../domain/person_names.json", import.meta.url), "utf-8"));

test("two names are one person as Python says", () => {
  for (const [one, other, same] of VECTORS.pairs) {
    assert.equal(samePerson(one, other), same, `${one} / ${other}`);
    assert.equal(samePerson(other, one), same, `${other} / ${one}`);
  }
});

test("people of two lists meet as Python says", () => {
  for (const { names, others, places } of VECTORS.people) assert.deepEqual(matchPeople(names, others), places);
});

test("customers of two versions meet as Python says", () => {
  const customers = (/** @type {[number | null, string][]} */ list) =>
    list.map(([origin, name]) => ({ origin, values: { 姓名: name } }));
  for (const { say, customers: mine, others, places } of VECTORS.versions)
    assert.deepEqual(
      placesOf(customers(mine), customers(others), FORM, (other) => other.origin).map((place) => place ?? null),
      places,
      say,
    );
});
