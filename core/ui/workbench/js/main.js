// The component: Streamlit calls the default export on every rerun, with the same element while the workbench stays.
import { addCommands } from "./commands.js";
import { flushEntries } from "./form_view.js";
import { claimPage, fillViewport, markTheme } from "./frame.js";
import { listen } from "./keyboard.js";
import { makeWorkbench } from "./workbench.js";

const TICK = 1000;
/** Milliseconds that a workbench without a place on the page is kept: Streamlit sometimes builds the element anew. */
const PARKED = 10_000;
const LOOK = 250;
/** Signs that somebody sits before the workbench. */
const SIGNS = ["keydown", "pointermove", "pointerdown", "wheel"];

function openWorkbench(host) {
  const workbench = makeWorkbench(host, {});
  addCommands(workbench);
  let frame = null;
  let stops = [];
  let isSettled = false;
  let seen = Date.now();
  const onSign = () => {
    seen = Date.now();
  };

  /** Take a place on the page: the first one, or another after Streamlit has built the element anew. */
  function settle(place) {
    const shell = place.host ?? place;
    isSettled = false;
    workbench.host = place;
    if (workbench.root.parentNode !== place) place.append(workbench.root);
    frame = fillViewport(shell, workbench.root);
    stops = [claimPage(shell), frame.stop, listen(workbench)];
  }

  /** Leave the place: what was typed lies in the journal, the page gets its own look back. */
  function leave() {
    if (workbench.form) flushEntries(workbench.form);
    stops.forEach((stop) => stop());
    stops = [];
    workbench.root.remove();
  }

  function onLeave(event) {
    if (workbench.form) flushEntries(workbench.form);
    if (workbench.sync.hasWork()) event.preventDefault();
  }
  // Somebody goes to the menu: what was typed goes off now, for the page may be another one in a moment.
  workbench.root.addEventListener("focusout", (event) => {
    if (!workbench.root.contains(event.relatedTarget)) workbench.sync.flushDrafts();
  });
  window.addEventListener("beforeunload", onLeave);
  SIGNS.forEach((name) => window.addEventListener(name, onSign, { passive: true, capture: true }));
  settle(host);
  const clock = setInterval(() => {
    if (!workbench.root.isConnected) return;
    frame.fit();
    workbench.sync.retry();
    if (!document.hidden) workbench.sync.beat(seen);
    workbench.drawBars();
  }, TICK);

  return {
    settle,
    leave,
    take(component) {
      markTheme(workbench.root);
      const moved = !isSettled && workbench.component !== null;
      isSettled = true;
      workbench.take(component);
      if (moved) workbench.sync.repeat();
      requestAnimationFrame(() => frame.fit());
    },
    close() {
      clearInterval(clock);
      window.removeEventListener("beforeunload", onLeave);
      SIGNS.forEach((name) => window.removeEventListener(name, onSign, { capture: true }));
      workbench.sync.stop();
    },
  };
}

const workbenches = new Map(); // by the component's name: {workbench, place, path, clock}; `place` is null while it is parked

/** The workbench in this element: the one that is there already, wherever it was until now, else a new one. */
function workbenchIn(name, place) {
  const kept = workbenches.get(name);
  if (!kept) {
    workbenches.set(name, { workbench: openWorkbench(place), place, path: location.pathname, clock: 0 });
  } else if (kept.place !== place) {
    clearInterval(kept.clock);
    if (kept.place) kept.workbench.leave();
    Object.assign(kept, { place, path: location.pathname, clock: 0 });
    kept.workbench.settle(place);
  }
  return workbenches.get(name).workbench;
}

/** Keep the workbench for a while without a place; once the reviewer is on another page, it is not needed any more. */
function park(name, place) {
  const kept = workbenches.get(name);
  if (!kept || kept.place !== place) return;
  kept.workbench.leave();
  kept.place = null;
  const until = Date.now() + PARKED;
  kept.clock = setInterval(() => {
    if (Date.now() < until && location.pathname === kept.path) return;
    clearInterval(kept.clock);
    workbenches.delete(name);
    kept.workbench.close();
  }, LOOK);
}

export default function workbench(component) {
  const { name, parentElement } = component;
  workbenchIn(name, parentElement).take(component);
  return () => park(name, parentElement);
}
