// @ts-check
// How well what somebody types fits a name: as it stands, or by the pinyin of its characters, whole or by first letters.
// Pure: how characters are read is handed in (core/domain/pinyin.py).

/** How each character is read, without tones: several readings where it has several. @typedef {Map<string, string[]>} Readings */

/** Steps after which a name counts as no match: names made of ambiguous characters would take for ever. */
const MOST_STEPS = 2000;
/** Points of a character that fits as it is, of one by its whole reading, and of one by the beginning of it. */
const AS_IT_IS = 10;
const WHOLE_READING = 8;
const INITIAL = 7;
/** Points of a beginning: of the name, and of a part of it. */
const AT_START = 12;
const AT_PART = 6;
/** Points of a name that is covered whole. */
const COVERED = 10;
/** Consonants that two letters spell: zh, ch, sh. */
const DOUBLE = /^[zcs]h/;

/** @param {string} text */
export function fold(text) {
  return text.normalize("NFKC").toLowerCase();
}

/**
 * The words of a query, in the spelling in which names are compared.
 * @param {string} query
 */
export function wordsOf(query) {
  return fold(query).split(/\s+/).filter(Boolean);
}

/** @param {string} character */
function isGap(character) {
  return !/[\p{L}\p{N}]/u.test(character);
}

/**
 * Make a matcher for some readings.
 * @param {Readings} readings
 */
export function makeMatcher(readings) {
  /**
   * How many letters of a word, from `at` on, a reading may take: all of it, its first letter or double consonant, or as
   * much as there is where the word ends in it.
   * @param {string} reading
   * @param {string} word
   * @param {number} at
   */
  function takes(reading, word, at) {
    let same = 0;
    while (same < reading.length && at + same < word.length && reading[same] === word[at + same]) same++;
    const lengths = [];
    if (same === reading.length) lengths.push(same);
    else if (same > 1 && at + same === word.length) lengths.push(same);
    if (same > 1 && reading.length > 2 && DOUBLE.test(reading)) lengths.push(2);
    if (same > 0 && reading.length > 1) lengths.push(1);
    return lengths;
  }

  /**
   * The most points for a word that begins at a character of a name; -1 where it does not fit.
   * @param {string[]} name
   * @param {number} start
   * @param {string} word
   * @param {{ left: number }} patience
   */
  function from(name, start, word, patience) {
    /** @type {(i: number, at: number) => number} */
    function go(i, at) {
      if (at === word.length) return 0;
      if (i === name.length || patience.left-- <= 0) return -1;
      let best = -1;
      /** @type {(points: number, rest: number) => void} */
      const take = (points, rest) => {
        if (rest >= 0 && points + rest > best) best = points + rest;
      };
      const character = name[i];
      if (word.startsWith(character, at)) take(AS_IT_IS * character.length, go(i + 1, at + character.length));
      for (const reading of readings.get(character) ?? []) {
        for (const length of takes(reading, word, at)) {
          take(length === reading.length ? WHOLE_READING : INITIAL, go(i + 1, at + length));
        }
      }
      if (best < 0 && i > start && isGap(character)) return go(i + 1, at);
      return best;
    }
    return go(start, 0);
  }

  /**
   * Points of a word in a name; 0 where it does not stand in it.
   * @param {string[]} name its characters, folded
   * @param {string} word folded
   */
  function pointsOf(name, word) {
    let best = 0;
    const patience = { left: MOST_STEPS };
    for (let start = 0; start < name.length; start++) {
      if (isGap(name[start]) && !word.startsWith(name[start])) continue;
      const points = from(name, start, word, patience);
      if (points < 0) continue;
      const begins = start === 0 ? AT_START : isGap(name[start - 1]) ? AT_PART : 0;
      best = Math.max(
        best,
        points / word.length + begins + (COVERED * Math.min(word.length, name.length)) / name.length,
      );
    }
    return best;
  }

  return { pointsOf };
}
