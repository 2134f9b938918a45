// @ts-check
// The browser's history of pages. A page that is opened writes into its address what it shows (the desk its chat), and
// Streamlit makes an entry of its own of that: Back led to the same page once more, and seemed to do nothing.

/**
 * Whether an address only says more of the page that is open: nothing that stands there becomes another.
 * @param {URL} now
 * @param {URL} next
 */
export function saysMoreOf(now, next) {
  if (now.pathname !== next.pathname || now.origin !== next.origin) return false;
  return [...now.searchParams].every(([name, value]) => next.searchParams.get(name) === value);
}

/**
 * Keep one entry for a page that fills in its own address, until somebody does something on it; what is done then
 * (a filter, another run) is an entry of its own, which Back undoes. Call it once, before Streamlit's own scripts run.
 * @param {Pick<Window, "history" | "location" | "addEventListener">} window
 */
export function keepOneEntryForEach(window) {
  const { history, location } = window;
  let isUntouched = true;
  const push = history.pushState.bind(history);
  history.pushState = (data, unused, url) => {
    const now = new URL(location.href);
    const next = new URL(url ?? now, now);
    if (isUntouched && saysMoreOf(now, next)) history.replaceState(data, unused, url);
    else push(data, unused, url);
    if (next.pathname !== now.pathname) isUntouched = true;
  };
  for (const doing of ["pointerdown", "keydown", "input"]) {
    window.addEventListener(
      doing,
      () => {
        isUntouched = false;
      },
      { capture: true, passive: true },
    );
  }
}
