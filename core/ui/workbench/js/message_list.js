// @ts-check
// The messages of a chat in blocks. Of a long chat, blocks are filled as they come near: until then each is as high as
// its messages will be, about.
/** @import { MessagePayload } from "./types.js" */
import { h } from "./dom.js";

/** Up to so many messages all rows are there at once; browsers find words in them by themselves. */
const WHOLE = 1000;
// Browsers watch every element with `content-visibility: auto` in each frame: over blocks of messages that is free, over
// 2,000 single messages it took 10 ms.
const BLOCK = 24;
const FAR_BLOCK = 60;
const LINE_HEIGHT = 22;
const ROW_PADDING = 5;
const LINE_LENGTH = 40;
/** How far beyond the view blocks are filled, in heights of the view. */
const MARGIN = 1;

/**
 * About how high a message's row is.
 * @param {MessagePayload} message
 */
function heightOf({ parts, quote }) {
  const length = parts.reduce((sum, part) => sum + part.t.length, 0);
  return ROW_PADDING + LINE_HEIGHT * (Math.max(1, Math.ceil(length / LINE_LENGTH)) + (quote ? 2 : 0));
}

/**
 * The list in a pane that scrolls. `build(message, before)` makes a message's row, `before` is the time of the one before
 * it; `onBuilt(rows)` is called when rows have come.
 * @param {HTMLElement} pane
 * @param {MessagePayload[]} messages
 * @param {(message: MessagePayload, before: string) => HTMLElement} build
 * @param {() => void} onBuilt
 */
export function makeMessageList(pane, messages, build, onBuilt) {
  const element = h("div", { class: "messages", role: "list" });
  const size = messages.length > WHOLE ? FAR_BLOCK : BLOCK;
  /** @type {Map<number, HTMLElement>} */
  const rows = new Map();
  /** @type {(message: MessagePayload) => boolean} */
  let isAway = () => false;
  const hasTimes = messages.some((message) => message.time);
  let filling = false;

  /** @type {{ element: HTMLElement, isFilled: boolean }[]} */
  const blocks = [];
  for (let start = 0; start < messages.length; start += size) {
    blocks.push({ element: h("div", { role: "presentation" }), isFilled: false });
    if (size !== BLOCK) measure(blocks.length - 1);
  }
  element.append(...blocks.map((block) => block.element));

  /** @param {number} number */
  function messagesOf(number) {
    return messages.slice(number * size, (number + 1) * size);
  }

  /**
   * Give a block the height that its messages will take.
   * @param {number} number
   */
  function measure(number) {
    const { element: box, isFilled } = blocks[number];
    const shown = messagesOf(number).filter((message) => !isAway(message));
    const height = `${shown.reduce((sum, message) => sum + heightOf(message), 0)}px`;
    box.className = isFilled ? "block" : "";
    box.style.height = isFilled ? "" : height;
    box.style.containIntrinsicSize = isFilled ? `auto ${height}` : "";
  }

  /**
   * The time of the last message before one that has any.
   * @param {number} number
   */
  function timeBefore(number) {
    let at = hasTimes ? number - 1 : -1;
    while (at >= 0 && !messages[at].time) at -= 1;
    return at < 0 ? "" : (messages[at].time ?? "");
  }

  /**
   * Fill a block with its rows; true where it was empty.
   * @param {number} number
   */
  function fill(number) {
    const block = blocks[number];
    if (!block || block.isFilled) return false;
    block.isFilled = true;
    let before = timeBefore(number * size);
    for (const message of messagesOf(number)) {
      const row = build(message, before);
      row.classList.toggle("away", isAway(message));
      before = message.time || before;
      rows.set(message.i, row);
      block.element.append(row);
    }
    measure(number);
    return true;
  }

  /**
   * The first block that ends below a place on the screen.
   * @param {number} top
   */
  function blockAt(top) {
    let [low, high] = [0, blocks.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (blocks[middle].element.getBoundingClientRect().bottom > top) high = middle;
      else low = middle + 1;
    }
    return Math.max(0, low);
  }

  /** Fill the blocks in view and near it; what comes may be higher or lower than thought, so look again. */
  function fillView() {
    filling = false;
    if (!element.isConnected) return;
    const { top, bottom, height } = pane.getBoundingClientRect();
    let hasNew = false;
    for (let number = blockAt(top - MARGIN * height); number < blocks.length; number += 1) {
      if (blocks[number].element.getBoundingClientRect().top > bottom + MARGIN * height) break;
      hasNew = fill(number) || hasNew;
    }
    if (!hasNew) return;
    onBuilt();
    lookAgain();
  }

  function lookAgain() {
    if (filling || size === BLOCK) return;
    filling = true;
    requestAnimationFrame(fillView);
  }

  if (size === BLOCK) blocks.forEach((_, number) => fill(number));
  else {
    [0, 1].forEach(fill);
    pane.addEventListener("scroll", lookAgain, { passive: true });
    new ResizeObserver(lookAgain).observe(pane);
  }

  /** @param {number} from */
  function next(from, by = 1) {
    for (let at = from; at >= 0 && at < messages.length; at += by) if (!isAway(messages[at])) return at;
    return null;
  }

  return {
    element,
    /** The rows that are there, by number of the message. */
    rows,
    /** The messages as they were shown last. */
    messages: () => messages,

    /**
     * The row of a message; it is made where it was not there yet.
     * @param {number} number
     */
    row(number) {
      if (!rows.has(number) && fill(Math.floor(number / size))) onBuilt();
      return rows.get(number) ?? null;
    },

    /**
     * Fill what stands around a row, so that nothing moves once it is in view.
     * @param {Element} row
     */
    around(row) {
      const number = blocks.findIndex((block) => block.element.contains(row));
      const isNew = [number - 1, number, number + 1].map((other) => other >= 0 && fill(other));
      if (isNew.some(Boolean)) onBuilt();
    },

    /**
     * Take messages whose texts are the same and whose evidence may be other; returns those that look otherwise.
     * @param {MessagePayload[]} fresh
     * @param {(one: MessagePayload, other: MessagePayload | undefined) => boolean} isSame
     */
    take(fresh, isSame) {
      const changed = fresh.filter((message, number) => !isSame(message, messages[number]));
      messages = fresh;
      return changed;
    },

    /**
     * Hide messages; returns how many are left.
     * @param {(message: MessagePayload) => boolean} away
     */
    hide(away) {
      isAway = away;
      blocks.forEach((block, number) => block.isFilled || measure(number));
      for (const [number, row] of rows) row.classList.toggle("away", isAway(messages[number]));
      lookAgain();
      return messages.reduce((sum, message) => sum + Number(!isAway(message)), 0);
    },

    /**
     * A ruler along the list as it lies now: how many pixels below the top of what scrolls a message begins, or a share of
     * its text; null where it is hidden. Of rows that are not there, or not in view, it tells about.
     * @returns {(number: number, share: number) => number | null}
     */
    ruler() {
      /** @type {Map<number, { top: number, scale: number, tops: number[] }>} by number of the block */
      const known = new Map();
      /** @param {number} block */
      const lengthsOf = (block) => {
        const tops = [0];
        for (const message of messagesOf(block))
          tops.push(tops[tops.length - 1] + (isAway(message) ? 0 : heightOf(message)));
        const { offsetTop: top, offsetHeight: height } = blocks[block].element;
        const lengths = { top, scale: height / Math.max(1, tops[tops.length - 1]), tops };
        known.set(block, lengths);
        return lengths;
      };
      return (number, share) => {
        if (!messages[number] || isAway(messages[number])) return null;
        const block = Math.floor(number / size);
        const { top, scale, tops } = known.get(block) ?? lengthsOf(block);
        const at = number - block * size;
        return top + scale * (tops[at] + share * (tops[at + 1] - tops[at]));
      };
    },

    /** The first message that is shown and begins in view. */
    firstInView() {
      const { top } = pane.getBoundingClientRect();
      let at = next(blockAt(top) * size);
      while (at !== null && (this.row(at)?.getBoundingClientRect().top ?? top) < top) at = next(at + 1);
      return at;
    },

    /**
     * The message that is shown so many steps from another one, the last one where they end before.
     * @param {number} from
     * @param {number} by
     */
    step: (from, by) => next(from + by, by) ?? next(from, by),
    lookAgain,
  };
}
