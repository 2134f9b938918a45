// @ts-check
// The sentence of a text around a piece of evidence, short enough for one or two lines. Pure.

/** Where a sentence ends. */
const SENTENCE_ENDS = /[。！？!?；;\n…]/;
/** Characters shown before and behind the evidence at most. */
const AROUND = 60;

/**
 * The sentence around a piece of a text: `{before, said, after}`, cut with an ellipsis where it is long.
 * @param {string} text
 * @param {number} start UTF-16 units
 * @param {number} end exclusive
 */
export function sentenceAround(text, start, end) {
  const [from, to] = [sentenceStart(text, start), sentenceEnd(text, end)];
  const said = shortMiddle(text.slice(start, end).trim() || text.slice(start, end));
  const head = [...text.slice(from, start).trimStart()];
  const tail = [...text.slice(end, to).trimEnd()];
  const before = head.length > AROUND ? `…${head.slice(-AROUND).join("")}` : head.join("");
  const after = tail.length > AROUND ? `${tail.slice(0, AROUND).join("")}…` : tail.join("");
  return { before: oneLine(before), said: oneLine(said), after: oneLine(after) };
}

/**
 * @param {string} text
 * @param {number} start
 */
function sentenceStart(text, start) {
  let at = start;
  while (at > 0 && !SENTENCE_ENDS.test(text[at - 1])) at -= 1;
  return at;
}

/**
 * @param {string} text
 * @param {number} end
 */
function sentenceEnd(text, end) {
  if (end > 0 && SENTENCE_ENDS.test(text[end - 1])) return end; // the evidence has the end of its sentence itself
  let at = end;
  while (at < text.length && !SENTENCE_ENDS.test(text[at])) at += 1;
  return Math.min(text.length, at + 1);
}

/** @param {string} text */
function shortMiddle(text) {
  const signs = [...text];
  return signs.length > 3 * AROUND ? `${signs.slice(0, 2 * AROUND).join("")}…${signs.slice(-AROUND).join("")}` : text;
}

/** @param {string} text */
function oneLine(text) {
  return text.replaceAll(/\s*\n\s*/g, " ");
}
