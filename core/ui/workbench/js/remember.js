// @ts-check
// Answers that are asked for several times while nothing has changed. Pure.
/** @import { Entry } from "./types.js" */

/**
 * A function of a chat in work that keeps its last answer per chat: it is worked out again once one of its inputs is
 * another object. Works because all that a chat holds is replaced, never changed.
 * @template Answer
 * @template {unknown[]} Rest
 * @param {(entry: Entry, ...rest: Rest) => unknown[]} inputsOf
 * @param {(entry: Entry, ...rest: Rest) => Answer} answer
 * @returns {(entry: Entry, ...rest: Rest) => Answer}
 */
export function rememberLast(inputsOf, answer) {
  /** @type {WeakMap<Entry, { inputs: unknown[], last: Answer }>} */
  const known = new WeakMap();
  return (entry, ...rest) => {
    const inputs = inputsOf(entry, ...rest);
    const kept = known.get(entry);
    if (kept?.inputs.every((input, i) => input === inputs[i])) return kept.last;
    const last = answer(entry, ...rest);
    known.set(entry, { inputs, last });
    return last;
  };
}
