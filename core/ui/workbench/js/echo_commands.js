// @ts-check
// Commands of the echo: walk through the chats like those that were corrected, leave the walk, put an offer away.
/** @import { Tools } from "./types.js" */
/** @import { Workbench } from "./workbench.js" */
import { caps, h, setHidden, setText } from "./dom.js";
import { correctionText, makePutAway, offeredChats, placeInWalk, startWalk, walkText } from "./echo.js";
import { ORDINARY } from "./journal.js";
import { chordFor } from "./keys.js";
import { entryOf, goNext, nextChat, show } from "./state.js";

/**
 * The line in the bar below: an offer, or the place in the walk.
 * @param {(id: string) => void} run
 */
function buildLine(run) {
  const text = h("span", {});
  const go = h("button", { type: "button", class: "link", "data-command": "echo" });
  const away = h("button", { type: "button", class: "link quiet", "data-command": "echoAway" }, "不再提示");
  for (const button of [go, away]) button.addEventListener("mousedown", (event) => event.preventDefault());
  go.addEventListener("click", () => run("echo"));
  away.addEventListener("click", () => run("echoAway"));
  const element = h("div", { class: "echo", role: "status", "data-testid": "echo" }, text, go, away);
  element.hidden = true;
  return { element, text, go, away };
}

/**
 * @param {Workbench} workbench
 * @param {Tools} tools
 */
export function echoCommands(workbench, tools) {
  const { store } = workbench;
  const putAway = makePutAway(window.localStorage, store);
  const line = buildLine((id) => workbench.calls.run(id));
  workbench.bottom.message.after(line.element);
  const keptName = () => `shiyao:walk:${store.dataset.id}:${store.reviewer}`;
  let isKeptRead = false;
  let isTold = false;

  /** What of an offer is shown: none in another kind of review, and none that was put away. */
  function offer() {
    const { echo } = store;
    return echo && !store.walk && store.review === ORDINARY && !putAway.has(echo) && offeredChats(store).length
      ? echo
      : null;
  }

  /** @param {number[] | null} chats */
  function tell(chats) {
    isTold = chats !== null;
    workbench.sync.tell("walk", chats);
    try {
      if (store.walk) window.sessionStorage.setItem(keptName(), JSON.stringify(store.walk));
      else window.sessionStorage.removeItem(keptName());
    } catch {
      // After a reload the walk is over then, and no more.
    }
  }

  /** A walk that a reload has cut off goes on. */
  function takeUp() {
    if (isKeptRead || !store.reviewer || !store.dataset.id || store.review !== ORDINARY) return;
    isKeptRead = true;
    try {
      const kept = JSON.parse(window.sessionStorage.getItem(keptName()) ?? "null");
      if (!kept || !Array.isArray(kept.chats) || store.walk) return;
      store.walk = kept;
      tell(kept.chats);
    } catch {
      // not ours
    }
  }

  /** Begin to walk, or leave the walk for where one was. */
  function walk() {
    if (store.walk) return leave();
    const home = store.current;
    const begun = offer() && startWalk(store);
    if (!begun) return workbench.say("没有同类改动可看：同一字段改成同样的值三次以后才有", { seconds: 5 });
    tell(begun.chats);
    if (begun.chats[0] === home) {
      const place = placeInWalk(store, entryOf(store));
      if (place) tools.visit({ index: place.customer, key: place.field }, true);
    } else workbench.calls.openChat(begun.chats[0]);
    workbench.drawBars();
    workbench.say(`同类改动「${correctionText(store, begun)}」`, { seconds: 0 });
  }

  /** Leave the walk: back to the chat from which it began, unless that one is decided. */
  function leave() {
    const { walk: ended } = store;
    if (!ended) return;
    const said = walkText(store, ended);
    const chats = ended.left.filter((chat) => !store.decided.has(chat));
    const { home, key, was, now } = ended;
    store.walk = null;
    store.echo = chats.length ? { key, was, now, chats, more: false, held: 0 } : null; // offered again
    tell(null);
    const isBack = home !== null && home !== store.current && !store.decided.has(home);
    if (isBack) workbench.calls.openChat(home);
    workbench.drawBars();
    workbench.say(`${said}${isBack ? `，回到第 ${home} 条` : ""}`, { seconds: 0 });
  }

  /** Go on to the next chat; at the end of a walk, to where one was. Returns what is to be said of it. */
  function onward() {
    const { walk: ended } = store;
    if (!ended || nextChat(store) !== null) {
      goNext(store);
      return "";
    }
    const said = ` · ${walkText(store, ended)}`;
    store.walk = null;
    tell(null);
    if (ended.home !== null && !store.decided.has(ended.home)) show(store, ended.home);
    else {
      if (store.current !== null) store.visited.push(store.current);
      Object.assign(store, { current: null, waiting: "next", queue: [], queueAt: null });
    }
    return said;
  }

  /** Put the offer away for good; without one, bring back all that were put away. */
  function away() {
    const echo = offer();
    if (echo) {
      putAway.add(echo);
      workbench.drawBars();
      const run = () => {
        putAway.remove(echo);
        workbench.say("");
        workbench.drawBars();
      };
      return workbench.say(`不再提示「${correctionText(store, echo)}」`, {
        action: { label: "撤销", run },
        seconds: 0,
      });
    }
    const count = putAway.clear();
    workbench.drawBars();
    workbench.say(count ? `已恢复 ${count} 类改动的提示` : "没有收起过的提示", { seconds: 4 });
  }

  /** Draw the line; called with the bars. */
  function draw() {
    takeUp();
    if (!store.walk && isTold) tell(null); // another queue was chosen: the walk ended with it
    const shown = store.walk ?? offer();
    setHidden(line.element, !shown);
    workbench.bottom.element.classList.toggle("echoing", shown !== null);
    if (!shown) return;
    line.element.title = correctionText(store, shown);
    setHidden(line.away, store.walk !== null);
    const chord = chordFor("echo");
    if (store.walk) {
      const place = store.current === null ? -1 : store.walk.chats.indexOf(store.current);
      setText(line.text, `同类改动 ${place < 0 ? "" : `${place + 1}/`}${store.walk.chats.length}`);
      relabel("离开", chord);
    } else {
      const more = store.echo?.more ? "多" : "";
      setText(line.text, `这类改动还有 ${offeredChats(store).length} ${more}处，一并看？`);
      relabel("看", chord);
    }
  }

  /** @param {string} word @param {string} chord */
  function relabel(word, chord) {
    if (line.go.dataset.word === word) return;
    line.go.dataset.word = word;
    line.go.replaceChildren(word, caps(chord));
  }

  return { draw, onward, commands: { echo: walk, echoAway: away } };
}
