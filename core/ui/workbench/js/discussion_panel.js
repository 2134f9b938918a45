// @ts-check
// The panel of a discussion over the chat: who said what, and the box for one's own comment, which no redrawing touches.
/** @import { DiscussionPayload, DiscussionTurn, PanelHandlers, SentRemark } from "./types.js" */
import { mentionAt } from "./discussions.js";
import { caps, h, setHidden, setText } from "./dom.js";
import { chordFor } from "./keys.js";

const MOST_COMMENT = 20_000;

/**
 * @param {string} className
 * @param {() => void} run
 * @param {(string | HTMLElement)[]} children
 */
function action(className, run, ...children) {
  return h("button", { type: "button", class: className, onclick: run }, ...children);
}

/**
 * When something was said, in the reader's own time: 11-29 18:05.
 * @param {string} at
 */
function timeText(at) {
  const date = new Date(at);
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return `${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/**
 * Build the panel, closed. `act`: `submit()`, `finish()` (with 解决 or 重开), `next()`, `close()`, `type()`, `change(turn)`,
 * `remove(turn)`, `restore(turn)`, `cancelChange()`.
 * @param {PanelHandlers} act
 */
export function buildDiscussionPanel(act) {
  const title = h("b", {});
  const state = h("span", { class: "talk-state" });
  const next = action("link", () => act.next(), "下一处");
  const shut = action("link", () => act.close(), "关闭", caps("Esc"));
  const turns = h("div", {
    class: "turns",
    role: "log",
    "aria-label": "讨论的内容",
    tabindex: "0",
  });
  const input = h("textarea", {
    rows: "2",
    maxlength: String(MOST_COMMENT),
    dir: "auto",
    placeholder: "写评论，@ 提到同事；回车发出，Shift+回车换行",
    "aria-label": "评论",
  });
  const names = h("div", {
    class: "mentions",
    role: "listbox",
    "aria-label": "提到谁",
    hidden: true,
  });
  const send = action("btn main", () => act.submit(), "发出", caps("Enter"));
  const finish = action("btn", () => act.finish(), "解决", caps("Ctrl+Enter"));
  const cancel = action("link", () => act.cancelChange(), "不改了");
  const element = h(
    "section",
    {
      class: "talk",
      role: "region",
      "aria-label": "讨论",
      hidden: true,
      "data-testid": "discussion",
    },
    h("header", {}, title, state, h("span", { class: "gap" }), next, shut),
    turns,
    names,
    input,
    h("footer", {}, send, finish, cancel),
  );
  next.title = `本条群聊的下一处讨论（${chordFor("thread")}）`;
  const panel = {
    element,
    title,
    state,
    turns,
    input,
    names,
    send,
    finish,
    cancel,
    next,
    drawn: "",
    people: /** @type {string[]} */ ([]),
    chosen: 0,
  };
  input.addEventListener("input", () => {
    act.type();
    drawMentions(panel);
  });
  input.addEventListener("keyup", (event) => {
    if (event.key.startsWith("Arrow") && panel.names.hidden) drawMentions(panel);
  });
  return panel;
}

/** @typedef {ReturnType<typeof buildDiscussionPanel>} DiscussionPanel */

/**
 * Draw what was said; the box and what is typed in it stay as they are.
 * @param {DiscussionPanel} panel
 * @param {{ one: DiscussionPayload | null, title: string, waiting: SentRemark[], reviewer: string, mayDelete: boolean,
 *   hasNext: boolean, isBlind: boolean, changing: DiscussionTurn | null, act: PanelHandlers }} look
 */
export function drawDiscussion(panel, { one, title, waiting, reviewer, mayDelete, hasNext, isBlind, changing, act }) {
  const isOpen = !one?.resolved_by;
  const drawn = JSON.stringify([one, title, waiting, reviewer, mayDelete, hasNext, changing?.id]);
  if (panel.drawn === drawn) return;
  const wasAtEnd = panel.turns.scrollHeight - panel.turns.scrollTop - panel.turns.clientHeight < 40;
  panel.drawn = drawn;
  setText(panel.title, title);
  setText(panel.state, !one ? "还没有讨论" : isOpen ? "未解决" : `${one.resolved_by} 已解决`);
  panel.state.dataset.open = String(Boolean(one) && isOpen);
  setHidden(panel.next, !hasNext);
  panel.finish.replaceChildren(isOpen ? "解决" : "重开", caps("Ctrl+Enter"));
  panel.finish.disabled = !one;
  panel.send.replaceChildren(changing ? "改好" : "发出", caps("Enter"));
  setHidden(panel.cancel, !changing);
  const earlier = one?.earlier ? h("p", { class: "soft" }, `更早的 ${one.earlier} 条在「待讨论」页`) : null;
  const blind = isBlind ? h("p", { class: "soft" }, "盲审时只看得到自己写的，确认之后才看得到回复") : null;
  panel.turns.replaceChildren(
    ...[earlier, blind].filter((part) => part !== null),
    ...(one?.turns ?? []).map((turn) => turnLine(turn, { reviewer, mayDelete, changing, act })),
    ...waiting
      .filter((remark) => remark.text && remark.kind !== "修改")
      .map((remark) => h("p", { class: "turn waiting" }, h("b", {}, reviewer), " 正在发出…", bubble(remark.text))),
  );
  if (wasAtEnd) panel.turns.scrollTop = panel.turns.scrollHeight;
}

/** @param {string} text */
const bubble = (text) => h("span", { class: "words", dir: "auto" }, text);

/**
 * @param {DiscussionTurn} turn
 * @param {{ reviewer: string, mayDelete: boolean, changing: DiscussionTurn | null, act: PanelHandlers }} look
 */
function turnLine(turn, { reviewer, mayDelete, changing, act }) {
  const head = [h("b", {}, turn.who), h("small", {}, ` ${timeText(turn.at)}${turn.edited ? " · 改过" : ""}`)];
  if (turn.step !== "评论") return h("p", { class: "turn step" }, ...head, ` ${turn.step}`);
  const isMine = turn.who === reviewer;
  const tools = turn.deleted_by
    ? [isMine || mayDelete ? action("link", () => act.restore(turn), "恢复") : ""]
    : [
        isMine ? action("link", () => act.change(turn), "改") : "",
        isMine || mayDelete ? action("link", () => act.remove(turn), "删除") : "",
      ];
  const words = turn.deleted_by ? "（评论已删除）" : turn.text || "（没有写原因）";
  return h(
    "p",
    {
      class: changing?.id === turn.id ? "turn changing" : "turn",
      "data-faint": !turn.text || null,
    },
    ...head,
    h("span", { class: "turn-tools" }, tools),
    bubble(words),
  );
}

/**
 * Offer the names that the mention before the caret may become.
 * @param {DiscussionPanel} panel
 */
export function drawMentions(panel) {
  const { input, names, people } = panel;
  const mention = mentionAt(input.value, input.selectionStart ?? 0, people);
  setHidden(names, !mention);
  panel.chosen = 0;
  names.replaceChildren(
    ...(mention?.names ?? []).map((name, i) => {
      const option = h(
        "button",
        {
          type: "button",
          role: "option",
          tabindex: "-1",
          "aria-selected": String(i === 0),
        },
        name,
      );
      option.addEventListener("mousedown", (event) => event.preventDefault());
      option.addEventListener("click", () => takeMention(panel, i));
      return option;
    }),
  );
}

/**
 * Go up or down in the names that are offered.
 * @param {DiscussionPanel} panel
 * @param {number} step
 */
export function moveMention(panel, step) {
  const options = [...panel.names.children];
  panel.chosen = (panel.chosen + step + options.length) % options.length;
  options.forEach((option, i) => option.setAttribute("aria-selected", String(i === panel.chosen)));
}

/**
 * Write the chosen name of a mention.
 * @param {DiscussionPanel} panel
 * @param {number} [place]
 */
export function takeMention(panel, place = panel.chosen) {
  const { input, people } = panel;
  const caret = input.selectionStart ?? 0;
  const mention = mentionAt(input.value, caret, people);
  const name = mention?.names[place];
  if (!mention || name === undefined) return;
  input.setRangeText(`@${name} `, mention.start, caret, "end");
  input.dispatchEvent(new Event("input"));
  setHidden(panel.names, true);
  input.focus();
}
