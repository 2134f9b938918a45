// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { makeArrival } from "../../core/ui/workbench/js/arrival.js";
import { guardActions, makeGuard, watchClicks } from "../../core/ui/workbench/js/guard.js";

/** A guard with a clock of its own, and what it refused. */
function open() {
  const clock = { now: 1_000 };
  const arrival = makeArrival(() => clock.now);
  /** @type {string[]} */
  const refused = [];
  return { clock, arrival, refused, guard: makeGuard(arrival, (newcomer) => refused.push(newcomer)) };
}

/** @param {ReturnType<typeof open>["guard"]} guard */
const answers = ({ mayType, mayWrite, mayDecide, mayPick, maySettle, mayUndo }) => ({
  type: mayType(),
  write: mayWrite(),
  decide: mayDecide(),
  pick: mayPick(),
  settle: maySettle(false),
  click: maySettle(true),
  undo: mayUndo(false),
  takeBack: mayUndo(true),
});
/** @type {(value: boolean) => Record<string, boolean>} */
const all = (value) => Object.fromEntries(Object.keys(answers(open().guard)).map((key) => [key, value]));

test("who went to a field of a new chat may type there", () => {
  const { arrival, refused, guard } = open();
  arrival.moved();
  arrival.chat(false);
  assert.equal(guard.mayType(), false, "where the focus was put");
  arrival.stay();
  assert.equal(guard.mayType(), false);
  arrival.moved();
  assert.deepEqual([guard.mayType(), guard.mayWrite(), guard.mayDecide()], [true, false, false]);
  assert.equal(refused.length, 4);
});

test("nothing acts on a chat that nobody can have seen, but for undoing the decision that led there", () => {
  const { clock, arrival, refused, guard } = open();
  assert.deepEqual([answers(guard), refused], [all(true), []]);
  arrival.chat(false);
  clock.now += 399;
  assert.deepEqual(answers(guard), { ...all(false), takeBack: true });
  assert.equal(refused.length, 7);
  clock.now += 1;
  assert.deepEqual(answers(guard), all(true));
});

test("who went to a chat themselves may type at once, and take back nothing that they only came to", () => {
  const { clock, arrival, guard } = open();
  arrival.chat(true);
  assert.deepEqual(answers(guard), { ...all(false), type: true });
  for (const command of ["confirm", "fill", "remove", "redo"]) assert.equal(guard.mayRun(command), false, command);
  for (const command of ["next", "search", "missed", "evidence"]) assert.equal(guard.mayRun(command), true, command);
  clock.now += 400;
  assert.equal(guard.mayRun("confirm"), true);
});

test("what stops a decision has to be seen, and nothing else waits for that", () => {
  const { clock, arrival, guard } = open();
  arrival.stop();
  assert.deepEqual(answers(guard), { ...all(true), decide: false, settle: false });
  clock.now += 400;
  assert.deepEqual(answers(guard), all(true));
});

test("nothing is chosen in what has only just opened, and typing beside it goes on", () => {
  const { clock, arrival, refused, guard } = open();
  arrival.layer();
  assert.deepEqual(answers(guard), { ...all(true), pick: false });
  arrival.box();
  assert.deepEqual(answers(guard), { ...all(true), pick: false, click: false });
  assert.deepEqual([...new Set(refused)], ["layer"]);
  clock.now += 400;
  assert.deepEqual(answers(guard), all(true));
});

test("each action of the form asks before it writes", () => {
  const { clock, arrival, guard } = open();
  /** @type {string[]} */
  const acted = [];
  const names = ["edit", "advance", "toggleConfirm", "takeBack", "accept", "take", "dismiss", "removeCustomer"];
  const plain = Object.fromEntries([...names, "focus", "entering"].map((name) => [name, () => acted.push(name)]));
  const actions = /** @type {Record<string, (...given: unknown[]) => void>} */ (
    /** @type {unknown} */ (guardActions(/** @type {any} */ (plain), guard))
  );
  arrival.chat(false);
  for (const name of [...names, "focus", "entering"]) actions[name]("key");
  assert.deepEqual(acted, ["focus", "entering"]);
  clock.now += 400;
  for (const name of names) actions[name]("key");
  assert.deepEqual(acted.slice(2), names);
});

test("the second click of a double click acts only where the first one did", () => {
  const host = new EventTarget();
  let refusals = 0;
  watchClicks(host, () => {
    refusals += 1;
  });
  /** @type {unknown[]} */
  const acted = [];
  const [item, below] = ["item", "below"];
  /** @type {(button: string | null, detail: number) => void} */
  const click = (button, detail) => {
    const event = new Event("click", { cancelable: true });
    Object.defineProperties(event, { target: { value: { closest: () => button } }, detail: { value: detail } });
    if (host.dispatchEvent(event)) acted.push(button);
  };
  click(item, 1);
  click(below, 2);
  click(below, 3);
  assert.deepEqual([acted, refusals], [[item], 2]);
  click(below, 1);
  click(below, 2);
  click(null, 2);
  click(item, 0);
  assert.deepEqual([acted.slice(1), refusals], [[below, below, null, item], 2]);
});

test("a digit in a choice is no text, and waits until the chat can be seen", () => {
  const { clock, arrival, guard } = open();
  /** @type {unknown[]} */
  const edits = [];
  const actions = guardActions(
    /** @type {any} */ ({ edit: (/** @type {string} */ _, /** @type {unknown} */ value) => edits.push(value) }),
    guard,
  );
  arrival.chat(true);
  actions.edit("类型", ["答疑"], false);
  actions.edit("明细", "书", true);
  assert.deepEqual(edits, ["书"]);
  clock.now += 400;
  actions.edit("类型", ["答疑"], false);
  assert.deepEqual(edits, ["书", ["答疑"]]);
});

test("another customer in the place of the one on screen has to be seen before anything is written there", () => {
  const { clock, arrival, guard } = open();
  arrival.customer();
  assert.deepEqual([guard.mayRun("remove"), guard.mayWrite(), guard.mayChange()], [false, false, false]);
  assert.deepEqual([guard.mayType(), guard.mayDecide(), guard.mayUndo(false)], [true, true, true]);
  clock.now += 400;
  assert.equal(guard.mayRun("remove"), true);
});

test("where the desk led the focus away, nothing is typed or chosen until that can be seen or somebody goes on", () => {
  const { clock, arrival, guard } = open();
  const may = () => [guard.mayType(), guard.mayChange(), guard.mayWrite()];
  arrival.lead();
  assert.deepEqual(may(), [false, false, true]);
  arrival.moved();
  assert.deepEqual(may(), [true, true, true]);
  arrival.lead();
  clock.now += 400;
  assert.deepEqual(may(), [true, true, true]);
  arrival.chat(false);
  arrival.moved();
  assert.deepEqual(may(), [true, false, false], "text may follow a move into a new chat, and nothing else");
});
