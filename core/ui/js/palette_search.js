// @ts-check
// What the palette lists for a query: names by how well they fit, chats where a number or words are asked for. Pure.
import { fold, makeMatcher, wordsOf } from "./palette_match.js";

/** @import { PaletteItem as Item } from "./page_events.js" */
/** Items under a heading. @typedef {{ title: string, items: Item[] }} Section */
/** What the server is asked for. @typedef {{ datasets: string[], number: string, words: string[], letters?: string }} ChatQuestion */
/**
 * Everything that is found by name, as core/ui/palette/routes.py gives it.
 * @typedef {{ pages: { address: string, title: string, group: string }[],
 *   parts?: { title: string, page: string, address: string, view: string }[],
 *   datasets: { id: number, name: string, form: string }[], runs: { id: number, name: string, dataset: number }[],
 *   fields: Record<string, { key: string, label: string, group: string }[]>, readings: Record<string, string> }} Names
 */

const RECENT = "最近";
/** Items of a kind that are listed at most. */
const MOST = 8;
const MOST_UNASKED = 40;
const MOST_RECENT = 6;
/** Datasets in which a chat is looked for. */
const MOST_DATASETS = 50;
/** Part of the points of a word that stands in the context only. */
const OF_CONTEXT = 0.5;
const NUMBER = /^(?:#|第)?(\d{1,10})(?:条)?$/;
/** A number of a chat as it is written with spaces: 第 12 条. */
const SPACED = /(第|#)\s*(\d{1,10})\s*条?(?=\s|$)/g;
const HAN = /\p{Script=Han}/u;
/** First letters or pinyin of somebody's name, with its digits. */
const LETTERS = /^[a-z][a-z0-9]{1,29}$/;

/** @param {Names | null} names @param {string} dataset id of the current one */
export function itemsOf(names, dataset) {
  if (!names) return [];
  const nameOf = new Map(names.datasets.map(({ id, name }) => [id, name]));
  const here = currentDataset(names, dataset);
  /** @type {Record<string, string>} */
  const at = here ? { dataset: String(here.id) } : {};
  const pages = names.pages.map(({ address, title, group }) => ({
    id: `page:${address}`,
    kind: "页面",
    label: title,
    context: group === title ? "" : group,
    page: address,
    query: at,
  }));
  const parts = (names.parts ?? []).map(({ title, page, address, view }) => ({
    id: `part:${address}:${title}`,
    kind: "页面",
    label: title,
    context: page,
    page: address,
    query: view ? { ...at, view } : at,
  }));
  const datasets = names.datasets.map(({ id, name }) => ({
    id: `dataset:${id}`,
    kind: "数据集",
    label: name,
    context: "审阅台",
    page: "workbench",
    query: { dataset: String(id) },
  }));
  const runs = names.runs.map(({ id, name, dataset: of }) => ({
    id: `run:${id}`,
    kind: "抽取任务",
    label: name,
    context: nameOf.get(of) ?? "",
    page: "runs",
    query: { dataset: String(of), run: String(id) },
  }));
  const fields = (here && names.fields[here.form]) || [];
  const guidelines = fields.map(({ key, label, group }) => ({
    id: `field:${key}`,
    kind: "字段",
    label,
    context: `${group} · 标注规范`,
    page: "guidelines",
    query: { dataset: String(here?.id ?? ""), field: key },
  }));
  return [...guidelines, ...pages, ...parts, ...datasets, ...runs];
}

/** @param {Names} names @param {string} dataset id or name, as an address has it */
export function currentDataset(names, dataset) {
  const named = names.datasets.find(({ id, name }) => String(id) === dataset || name === dataset);
  return named ?? names.datasets[0] ?? null;
}

/**
 * Items of the page in front of those that lead elsewhere: what the desk offers under the same id goes there instead.
 * @param {Item[]} offered
 * @param {Item[]} others
 */
export function joinItems(offered, others) {
  const known = new Set(offered.map(({ id }) => id));
  return [...offered, ...others.filter(({ id }) => !known.has(id))];
}

/**
 * Make the search over some readings.
 * @param {Record<string, string>} readings
 */
export function makeSearch(readings) {
  const { pointsOf } = makeMatcher(new Map(Object.entries(readings).map(([one, read]) => [one, read.split(" ")])));
  /** @type {WeakMap<Item, { label: string[], context: string[] }>} */
  const folded = new WeakMap();

  /** @param {Item} item */
  function partsOf(item) {
    const kept = folded.get(item) ?? {
      label: [...fold(item.label)],
      context: [...fold(`${item.context} ${item.kind}`)],
    };
    folded.set(item, kept);
    return kept;
  }

  /**
   * Points of an item; 0 unless every word fits it somewhere.
   * @param {Item} item
   * @param {string[]} words
   */
  function rank(item, words) {
    const { label, context } = partsOf(item);
    let sum = 0;
    for (const word of words) {
      const points = Math.max(pointsOf(label, word), OF_CONTEXT * pointsOf(context, word));
      if (!points) return 0;
      sum += points;
    }
    return sum;
  }

  /**
   * The items that fit a query, by kind; the kind with the best of all first.
   * @param {string} query
   * @param {Item[]} items
   * @returns {Section[]}
   */
  function search(query, items) {
    const words = wordsOf(query);
    if (!words.length) return [];
    const ranked = items.map((item) => ({ item, points: rank(item, words) })).filter(({ points }) => points > 0);
    ranked.sort((a, b) => b.points - a.points); // stable: equals stay in the order in which they came
    const kinds = [...new Set(ranked.map(({ item }) => item.kind))];
    return kinds.map((kind) => ({
      title: kind,
      items: ranked
        .filter(({ item }) => item.kind === kind)
        .slice(0, MOST)
        .map(({ item }) => item),
    }));
  }

  /**
   * Which chats a query asks for: a number in the datasets that its other words name, words of two Chinese characters
   * and more that stand in the conversation, or letters that may be a customer's name. Null where it asks for none.
   * @param {string} query
   * @param {Names | null} names
   * @param {string} dataset id of the current one
   * @returns {ChatQuestion | null}
   */
  function chatsAskedFor(query, names, dataset) {
    const words = wordsOf(query.replace(SPACED, (_, before, digits) => `${before}${digits}`));
    const here = names && currentDataset(names, dataset);
    if (!names || !here || !words.length) return null;
    const place = words.findLastIndex((word) => NUMBER.test(word));
    const number = place < 0 ? "" : (NUMBER.exec(words[place])?.[1] ?? "");
    const rest = words.filter((_, i) => i !== place);
    const items = names.datasets.map(({ id, name }) => ({ id: String(id), name: [...fold(name)] }));
    const naming = rest.filter((word) => items.some(({ name }) => pointsOf(name, word) > 0));
    const said = rest.filter((word) => !naming.includes(word));
    const letters = said.length === 1 && !number && LETTERS.test(said[0]) ? said[0] : "";
    if (letters) {
      const first = items.find(({ name }) => naming.length > 0 && naming.every((word) => pointsOf(name, word) > 0));
      return { datasets: [first?.id ?? String(here.id)], number: "", words: [], letters };
    }
    if (said.some((word) => [...word].length < 2 || !HAN.test(word)) || (!number && !said.length)) return null;
    const named = items.filter(({ name }) => naming.every((word) => pointsOf(name, word) > 0)).map(({ id }) => id);
    const first = String(here.id);
    const ordered = named.includes(first) ? [first, ...named.filter((id) => id !== first)] : named;
    // Words are looked for where somebody is, or where they say: a number everywhere costs nothing.
    const datasets = ordered.slice(0, said.length && !naming.length ? 1 : MOST_DATASETS);
    return datasets.length ? { datasets, number, words: said } : null;
  }

  return { search, chatsAskedFor };
}

/**
 * The chats that the server found, as items.
 * @param {{ dataset: number, index: number, passage: string }[]} chats
 * @param {Names} names
 * @returns {Item[]}
 */
export function chatItems(chats, names) {
  return chats.map(({ dataset, index, passage }) => chatItem(names, dataset, index, passage));
}

/**
 * @param {Names} names
 * @param {number} dataset
 * @param {number} index
 * @param {string} [passage]
 * @returns {Item}
 */
function chatItem(names, dataset, index, passage = "") {
  const name = names.datasets.find(({ id }) => id === dataset)?.name ?? "";
  return {
    id: `chat:${dataset}:${index}`,
    kind: "群聊",
    label: `第 ${index} 条`,
    context: passage ? `${name} · ${passage}` : name,
    page: "workbench",
    query: { dataset: String(dataset), chat: String(index), queue: "全部" },
  };
}

/**
 * What is listed before anything is typed: what was picked last, as far as its page, command or
 * dataset is still there (whether a chat is, says its page), then where one can go.
 * @param {Item[]} items
 * @param {string[]} recent ids, the last one first
 * @param {Names | null} names
 * @returns {Section[]}
 */
export function unasked(items, recent, names) {
  const byId = new Map(items.map((item) => [item.id, item]));
  /** @param {string} id */
  function find(id) {
    const [, dataset, index] = /^chat:(\d+):(\d+)$/.exec(id) ?? [];
    if (!dataset || !names?.datasets.some((one) => String(one.id) === dataset)) return byId.get(id);
    return chatItem(names, Number(dataset), Number(index));
  }
  const picked = recent
    .map(find)
    .filter((item) => item !== undefined)
    .slice(0, MOST_RECENT);
  const known = new Set(picked.map(({ id }) => id));
  /** @param {string} kind @param {number} most */
  const rest = (kind, most) => ({
    title: kind,
    items: items.filter((item) => item.kind === kind && !known.has(item.id)).slice(0, most),
  });
  return [{ title: RECENT, items: picked }, rest("页面", MOST_UNASKED), rest("数据集", MOST)].filter(
    ({ items: listed }) => listed.length > 0,
  );
}

/**
 * Put the chats that were found among the sections: in front where a number was asked for, else behind.
 * @param {Section[]} sections
 * @param {Item[]} chats
 * @param {boolean} isFirst
 * @returns {Section[]}
 */
export function withChats(sections, chats, isFirst) {
  if (!chats.length) return sections;
  const section = { title: "群聊", items: chats };
  return isFirst ? [section, ...sections] : [...sections, section];
}
