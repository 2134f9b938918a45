// @ts-check
// Which names mean one person. The rule, with its reasons, is that of core/domain/person_names.py; both are tested by
// tests/domain/person_names.json. Pure.
import { NO_SHAPE } from "./values.js";

const NUMERALS = "零〇一二两三四五六七八九十百千";
const DIGIT_OF = new Map([..."零〇一二两三四五六七八九"].map((word, i) => [word, "001223456789"[i]]));
const COUNTED = new RegExp(
  `(客户|用户|顾客|买家|访客|会员|学员|家长|群友|成员|代表)(?:([一二三四五六七八九]?)(十)([一二三四五六七八九]?)|([零〇一二两三四五六七八九]+))(?![${NUMERALS}])`,
  "gu",
);
const INVISIBLE = new RegExp(`[${NO_SHAPE}]`, "gu");
const HAN = "[\\u{3400}-\\u{9FFF}\\u{20000}-\\u{3FFFF}]";
const ENDS_IN_CHINESE = new RegExp(`(?:[^0-9]|^)${HAN}$|${HAN}{2}$`, "u");
const NEXT_CHINESE = new RegExp(`^${HAN}*`, "u");
/** What is put behind a name to address somebody. */
const TITLES = /(?:先生|女士|小姐|老师|经理|老板|师傅|主任|[总姐哥弟妹董工叔姨伯婶嫂爷老局处科队]){1,6}$/u;
/** What makes another name of one, put before it: 小王总 is not 王总. */
const BY_NAMES = /[小老大]$/u;
/** What ends one text and begins the next where the border cuts a word of letters, or a number. */
const LETTERS = { last: new RegExp(`(?!${HAN})\\p{L}$`, "u"), first: new RegExp(`^(?!${HAN})\\p{L}`, "u") };
const DIGITS = { last: /[0-9]$/u, first: /^[0-9]/u };

const MOST_PLAIN_NAMES = 5000;
/** @type {Map<string, string>} names that were compared before: in a big group each is compared with all others, again and again */
const plainNames = new Map();

/**
 * A name as it is compared: width, case, white space and invisible characters made equal, 客户一 as 客户1.
 * @param {string} name
 */
function plainName(name) {
  const plain = plainNames.get(name) ?? plainText(name);
  if (plainNames.size > MOST_PLAIN_NAMES) plainNames.clear();
  plainNames.set(name, plain);
  return plain;
}

/**
 * A whole text as names are compared.
 * @param {string} text
 */
export function plainText(text) {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(INVISIBLE, "")
    .replace(/[ \t\r\n]+/gu, " ")
    .replace(/^ | $/gu, "")
    .replace(COUNTED, (_, word, tens, ten, units, digits) =>
      digits
        ? word + [...digits].map((digit) => DIGIT_OF.get(digit)).join("")
        : `${word}${ten ? (DIGIT_OF.get(tens) ?? "1") : ""}${DIGIT_OF.get(units) ?? "0"}`,
    );
}

/**
 * Whether a part of a text begins or ends within a number in words: 客户二 in 客户二十.
 * @param {string} text
 * @param {number} start
 * @param {number} length
 */
function cutsNumber(text, start, length) {
  const isNumeral = (/** @type {number} */ at) => at >= 0 && at < text.length && NUMERALS.includes(text[at]);
  const end = start + length;
  return (isNumeral(start - 1) && isNumeral(start)) || (isNumeral(end - 1) && isNumeral(end));
}

/**
 * Whether two names can mean one person: the same, or one a part of the other and no digits against it. Of several
 * people who come into question only `matchPeople` decides.
 * @param {string} name
 * @param {string} other
 */
export function samePerson(name, other) {
  const [one, two] = [plainName(name), plainName(other)];
  if (one === two) return one !== "";
  const [short, long] = one.length < two.length ? [one, two] : [two, one];
  if ([...short].length < 2 || !long.includes(short)) return false;
  const digits = short.match(/[0-9]+/gu);
  if (digits && digits.join() !== long.match(/[0-9]+/gu)?.join()) return false;
  for (let at = long.indexOf(short); at >= 0; at = long.indexOf(short, at + 1))
    if (isWhole(long, at, short.length)) return true;
  return false;
}

/**
 * @param {string} text
 * @param {string} next what follows it
 * @param {{ last: RegExp, first: RegExp }} kind
 */
const cutsBetween = (text, next, { last, first }) => last.test(text) && first.test(next);

/**
 * Whether a name stands somewhere in a text, and is no piece of a number or a word of letters there, nor of one of these
 * longer names.
 * @param {string} name
 * @param {string} text as `plainText` makes it
 * @param {string[]} names
 */
export function standsIn(name, text, names) {
  const part = plainName(name);
  const longer = names.map(plainName).filter((other) => other !== part && other.includes(part));
  const rest = longer
    .sort((one, other) => other.length - one.length)
    .reduce((left, one) => left.replaceAll(one, "\n"), text);
  for (let at = rest.indexOf(part); at >= 0; at = rest.indexOf(part, at + 1)) {
    const [before, after] = [rest.slice(Math.max(0, at - 2), at), rest.slice(at + part.length, at + part.length + 2)];
    const isCut = [LETTERS, DIGITS].some((kind) => cutsBetween(before, part, kind) || cutsBetween(part, after, kind));
    if (!isCut) return true;
  }
  return false;
}

/**
 * Whether a name is another one, or a part of it that signs or blanks set apart: 邱总 of 陶然乡-邱总, not 小满 of 江小满.
 * @param {string} name
 * @param {string} other
 */
export function isPartSetApart(name, other) {
  const [part, whole] = [plainName(name), plainName(other)];
  return part === whole || whole.split(/[^\p{L}\p{N}]+/u).includes(part);
}

/**
 * Whether a part of a name cuts neither a number nor a word in two.
 * @param {string} text
 * @param {number} start
 * @param {number} length
 */
function isWhole(text, start, length) {
  const [before, part, after] = [text.slice(0, start), text.slice(start, start + length), text.slice(start + length)];
  if (cutsBetween(before, part, LETTERS) || cutsBetween(part, after, LETTERS)) return false;
  if (cutsNumber(text, start, length) || BY_NAMES.test(before)) return false;
  const rest = (NEXT_CHINESE.exec(after)?.[0] ?? "").replace(TITLES, "");
  return [...rest].length !== 1 || !ENDS_IN_CHINESE.test(part);
}

/**
 * For each name the positions of that person among the others: none where nobody is, or nobody can say who.
 * @param {string[]} names all customers of the chat: who has a name exactly is nobody else
 * @param {string[]} others
 * @returns {number[][]}
 */
export function matchPeople(names, others) {
  const distinct = (/** @type {string[]} */ list) => [...new Set(list.map((name) => name.trim()))].filter(Boolean);
  const [mine, theirs] = [distinct(names), distinct(others)];
  const partner = new Map(mine.filter((name) => theirs.includes(name)).map((name) => [name, name]));
  /** @type {((name: string, other: string) => boolean)[]} */
  const rules = [(name, other) => plainName(name) === plainName(other), samePerson];
  for (const isSame of rules) {
    const taken = new Set(partner.values());
    /** @type {[string, string][]} */
    const pairs = [];
    for (const name of mine.filter((one) => !partner.has(one))) {
      const [fitting, second] = theirs.filter((other) => isSame(name, other));
      const isOnly = fitting !== undefined && second === undefined && !taken.has(fitting);
      if (isOnly && mine.filter((one) => isSame(one, fitting)).length === 1) pairs.push([name, fitting]);
    }
    for (const [name, other] of pairs) partner.set(name, other);
  }
  return names.map((name) => {
    const other = partner.get(name.trim());
    return other === undefined ? [] : others.flatMap((one, place) => (one.trim() === other ? [place] : []));
  });
}
