// @ts-check
// How what was picked in the palette is opened: in the page's session, without loading it anew. Pure but for the clock.

/** Milliseconds for which a page that is being exchanged is waited for; what was typed on it would not outlive a load. */
const LONGEST_EXCHANGE = 5000;

/** @typedef {{ page: string, query: Record<string, string> }} Target */

/** @param {(target: Target) => void} load opens a target without a session: the page is loaded anew */
export function makeWay(load) {
  /** Opens a target in the session; `null` while one page goes and another comes. @type {((target: Target) => void) | null} */
  let open = null;
  /** @type {Target | null} */
  let waiting = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** @param {(target: Target) => void} way */
  function go(way) {
    clearTimeout(timer);
    const target = waiting;
    waiting = null;
    if (target) way(target);
  }

  return {
    /** A page of the session is there. @param {(target: Target) => void} open_ */
    connect(open_) {
      open = open_;
      go(open_);
    },
    disconnect() {
      open = null;
    },
    /** @param {Target} target @param {boolean} isAlive whether there is a session, whose next page is waited for */
    follow(target, isAlive) {
      waiting = target;
      if (open) go(open);
      else if (!isAlive) go(load);
      else {
        clearTimeout(timer);
        timer = setTimeout(() => go(load), LONGEST_EXCHANGE);
      }
    },
  };
}
