// @ts-check
// The card where the desk has nothing more to do: why, what was done, and where to go on, by keys. Also the word that a
// chat is on its way.
/** @import { Entry, Store, WorkSum } from "./types.js" */
/** @import { Workbench } from "./workbench.js" */
import { duration } from "./bars.js";
import { caps, grouped, h, setHidden } from "./dom.js";
import { chordFor } from "./keys.js";
import { nextChat } from "./state.js";

/**
 * Why there is nothing on screen: what stands above the card, and below it.
 * @param {Store} store
 * @returns {{ title: string, text: string }}
 */
export function endWords(store) {
  const { end, progress } = store;
  const held = end?.held ?? [];
  if (nextChat(store) !== null) {
    return { title: "又有群聊可以审了", text: "别人放下的，或刚导入、刚撤销的；按回车接着审。" };
  }
  if (held.length) {
    const count = held.reduce((sum, one) => sum + one.chats, 0);
    const who = held.map((one) => `${one.who} ${grouped(one.chats)} 条`).join("、");
    return { title: `剩下的 ${grouped(count)} 条别人正在审`, text: `${who}。他们离开几分钟后，没审的会回到这里。` };
  }
  if (!progress.total) return { title: "这个数据集还没有群聊", text: "先导入群聊，再来审阅。" };
  if (progress.left > 0 || progress.partly) {
    return {
      title: store.visited.length ? "这一队列审阅完了" : "没有符合条件的群聊",
      text: `上面可以换一个筛选${progress.left > 0 ? "；别的群聊还没有审完" : ""}。`,
    };
  }
  return { title: "这个数据集都处理完了", text: "可以回头看，或者从这里接着做下一步。" };
}

/**
 * The numbers of a stretch of work, each with its name and what it means.
 * @param {WorkSum} sum
 * @param {(key: string) => string} labelOf
 * @returns {{ name: string, value: string, title: string }[]}
 */
export function workNumbers(sum, labelOf) {
  const unknown = "—";
  const slow = sum.slowest ? `${labelOf(sum.slowest)} ${duration(sum.slowest_seconds)}` : unknown;
  const points = sum.points === null ? unknown : `${sum.points.toFixed(1)} 分`;
  return [
    { name: "群聊", value: `${grouped(sum.chats)} 条`, title: "您判定过、现在仍是这样的群聊" },
    { name: "用时", value: sum.seconds ? duration(sum.seconds) : unknown, title: "停下超过一分钟的不算" },
    { name: "改动", value: sum.changes === null ? unknown : `${grouped(sum.changes)} 格`, title: "与抽取的值不同的格" },
    { name: "挽回", value: points, title: "按表单的评分规则，抽取的回答对照确认的记录所失的分" },
    { name: "最费时的字段", value: slow, title: "焦点停在这个字段的时间；打开一条之后先读群聊的时间不算在字段里" },
  ];
}

/**
 * Where to go on from the end of a queue, in the order of their digits.
 * @param {Store} store
 * @returns {{ text: string, href: string }[]}
 */
export function waysOn({ dataset, progress, end, review }) {
  const isOwn = review !== "blind"; // what a blind review counts is of second records
  const here = `dataset=${dataset.id}`;
  const next = end?.next_dataset;
  return [
    ...(isOwn && progress.left > 0
      ? [{ text: `其余 ${grouped(progress.left)} 条待审阅`, href: `./workbench?${here}` }]
      : []),
    ...(isOwn && progress.discussed > 0
      ? [
          {
            text: `待讨论 ${grouped(progress.discussed)} 条`,
            href: `./workbench?${here}&queue=${encodeURIComponent("待讨论")}`,
          },
        ]
      : []),
    { text: "导出", href: `./exports?${here}` },
    ...(next
      ? [{ text: `下一个数据集：${next.name}，还有 ${grouped(next.left)} 条`, href: `./workbench?dataset=${next.id}` }]
      : []),
    { text: "评分", href: `./scores?${here}` },
    { text: "记录表", href: `./records?${here}` },
    { text: "回看全部群聊", href: `./workbench?${here}&queue=${encodeURIComponent("全部")}` },
  ];
}

/**
 * Build what stands in the place of the panes.
 * @param {(id: string) => void} run
 */
export function buildBlank(run) {
  const lines = [62, 78, 45, 84, 52, 70, 38, 66].map((width) => h("i", { style: `width:${width}%` }));
  const skeleton = h("div", { class: "skeleton", "aria-hidden": "true" }, lines);
  const title = h("h3", {});
  const text = h("p", {});
  const sums = h("div", { class: "sums" });
  const ways = h("ol", { class: "ways" });
  /** @type {(id: string, label: string, key: string) => HTMLButtonElement} */
  const button = (id, label, key) =>
    h("button", { type: "button", class: "btn", "data-end": id, onclick: () => run(id) }, label, caps(key));
  const onward = button("next", "继续审阅", "Enter");
  onward.classList.add("main");
  const back = button("previous", "回到上一条", chordFor("previous"));
  const undo = button("undo", "撤销上一次判定", chordFor("undo"));
  const actions = h("div", { class: "end-actions" }, onward, undo, back);
  const words = h("div", { class: "words" }, title, text, sums, actions, ways);
  const element = h("div", { class: "blank", role: "status" }, skeleton, words);
  return { element, skeleton, title, text, sums, ways, onward, back, undo, state: "" };
}

/**
 * Say in the place of the panes that a chat is on its way, or that the queue has ended.
 * @param {Workbench} workbench
 * @param {Entry | null} entry
 */
export function drawBlank(workbench, entry) {
  const { blank, store, chatHost, formHost, root } = workbench;
  const isBlank = !(entry && workbench.form);
  const wasBlank = !blank.element.hidden;
  setHidden(blank.element, !isBlank);
  setHidden(chatHost, isBlank);
  setHidden(formHost, isBlank);
  const isEnd = isBlank && store.waiting === "end";
  askForEnd(workbench, isEnd);
  if (!isBlank) return;
  const isNone = store.error !== "" && !store.offline && store.current === null && !isEnd; // why is said above
  const isCard = isEnd || isNone;
  const coming = store.current === null ? "正在取下一条…" : `正在取第 ${store.current} 条…`;
  const words = isEnd ? endWords(store) : { title: isNone ? "没有可以打开的群聊" : coming, text: "" };
  const state = JSON.stringify([
    words,
    isCard,
    store.end,
    store.progress,
    store.visited.length,
    workbench.decisions.length,
  ]);
  if (blank.state !== state || !wasBlank) {
    blank.state = state;
    fillCard(workbench, words, isCard);
  }
  const isAtRest = !root.matches(":focus-within") && !workbench.isEditingOutside();
  if (!wasBlank || isAtRest) if (!workbench.isEditingOutside()) root.focus({ preventScroll: true });
}

/**
 * @param {Workbench} workbench
 * @param {{ title: string, text: string }} words
 * @param {boolean} isCard
 */
function fillCard({ blank, store, decisions }, { title, text }, isCard) {
  setHidden(blank.skeleton, isCard);
  blank.title.textContent = title;
  blank.text.textContent = text;
  setHidden(blank.onward, !isCard || nextChat(store) === null);
  setHidden(blank.back, !store.visited.length);
  setHidden(blank.undo, !isCard || !decisions.length);
  blank.sums.replaceChildren(...(isCard && store.end ? sumElements(store) : []));
  const ways = isCard ? waysOn(store) : [];
  blank.ways.replaceChildren(
    ...ways.map(({ text: label, href }, i) =>
      h("li", {}, h("a", { class: "link", href, "data-way": i + 1 }, h("kbd", {}, String(i + 1)), ` ${label}`)),
    ),
    ...(isCard && store.end && !store.end.next_dataset
      ? [h("li", { class: "soft" }, "别的数据集都没有待审阅的群聊")]
      : []),
  );
}

/** @param {Store} store */
function sumElements({ end, form }) {
  if (!end) return [];
  const labelOf = (/** @type {string} */ key) => form.fields.find((field) => field.key === key)?.label ?? key;
  const columns = [
    { head: "最近一轮", title: "中间没有停过半小时", sum: end.sitting },
    { head: "今天", title: "从零点起，您在所有数据集里的", sum: end.today },
  ].filter(({ sum }) => sum.chats > 0 || (sum.seconds ?? 0) > 0);
  if (!columns.length) return [h("p", { class: "soft" }, "今天还没有审过这个数据集。")];
  const names = workNumbers(end.sitting, labelOf);
  return [
    h(
      "table",
      { "aria-label": "审了多少" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("td", {}),
          names.map(({ name, title }) => h("th", { scope: "col", title }, name)),
        ),
      ),
      h(
        "tbody",
        {},
        columns.map(({ head, title, sum }) =>
          h(
            "tr",
            {},
            h("th", { scope: "row", title }, head),
            workNumbers(sum, labelOf).map(({ value }) => h("td", {}, value)),
          ),
        ),
      ),
    ),
    h(
      "p",
      { class: "soft" },
      "挽回：您确认的记录比抽取的回答多得的分。今天：您在所有数据集里审的。读群聊的时间不算在字段里。",
    ),
  ];
}

/**
 * Ask the server for what the card shows once it is on screen, and say when it is gone.
 * @param {Workbench} workbench
 * @param {boolean} isEnd
 */
function askForEnd(workbench, isEnd) {
  if (isEnd === workbench.isEndAsked) return;
  workbench.isEndAsked = isEnd;
  workbench.sync.tell("want_end", isEnd ? Date.now() : null);
}

/**
 * A key on the card: Enter goes on where there is something, a digit goes where it stands. Returns whether it was one.
 * @param {Workbench} workbench
 * @param {KeyboardEvent} event
 */
export function pressOnCard({ blank, store, guard, root, calls }, event) {
  if (store.waiting !== "end" || blank.element.hidden) return false;
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return false;
  const way = /^[1-9]$/.test(event.key) ? blank.ways.querySelector(`[data-way="${event.key}"]`) : null;
  const isOnward = event.key === "Enter" && event.composedPath()[0] === root && nextChat(store) !== null;
  if (!isOnward && !(way instanceof HTMLElement)) return false;
  if (event.repeat || !guard.mayPick()) return true;
  if (way instanceof HTMLElement) way.click();
  else calls.run("next");
  return true;
}
