// The component: Streamlit calls the default export on every rerun, with the same element while the desk stays.
import { addCommands } from "./commands.js";
import { makeDesk } from "./desk.js";
import { flushEntries } from "./form_view.js";
import { claimPage, fillViewport, markTheme } from "./frame.js";
import { listen } from "./keyboard.js";

const TICK = 1000;
/** Milliseconds that a desk without a place on the page is kept: Streamlit sometimes builds the element anew. */
const PARKED = 10_000;
const LOOK = 250;
/** Signs that somebody sits before the desk. */
const SIGNS = ["keydown", "pointermove", "pointerdown", "wheel"];

function openDesk(host) {
  const desk = makeDesk(host, {});
  addCommands(desk);
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
    desk.host = place;
    if (desk.root.parentNode !== place) place.append(desk.root);
    frame = fillViewport(shell, desk.root);
    stops = [claimPage(shell), frame.stop, listen(desk)];
  }

  /** Leave the place: what was typed lies in the journal, the page gets its own look back. */
  function leave() {
    if (desk.form) flushEntries(desk.form);
    stops.forEach((stop) => stop());
    stops = [];
    desk.root.remove();
  }

  function onLeave(event) {
    if (desk.form) flushEntries(desk.form);
    if (desk.courier.hasWork()) event.preventDefault();
  }
  // Somebody goes to the menu: what was typed goes off now, for the page may be another one in a moment.
  desk.root.addEventListener("focusout", (event) => {
    if (!desk.root.contains(event.relatedTarget)) desk.courier.flushDrafts();
  });
  window.addEventListener("beforeunload", onLeave);
  SIGNS.forEach((name) => window.addEventListener(name, onSign, { passive: true, capture: true }));
  settle(host);
  const clock = setInterval(() => {
    if (!desk.root.isConnected) return;
    frame.fit();
    desk.courier.retry();
    if (!document.hidden) desk.courier.beat(seen);
    desk.drawBars();
  }, TICK);

  return {
    settle,
    leave,
    take(component) {
      markTheme(desk.root);
      const moved = !isSettled && desk.component !== null;
      isSettled = true;
      desk.take(component);
      if (moved) desk.courier.repeat();
      requestAnimationFrame(() => frame.fit());
    },
    close() {
      clearInterval(clock);
      window.removeEventListener("beforeunload", onLeave);
      SIGNS.forEach((name) => window.removeEventListener(name, onSign, { capture: true }));
      desk.courier.stop();
    },
  };
}

const desks = new Map(); // by the component's name: {desk, place, path, clock}; `place` is null while it is parked

/** The desk in this element: the one that is there already, wherever it was until now, else a new one. */
function deskIn(name, place) {
  const kept = desks.get(name);
  if (!kept) {
    desks.set(name, { desk: openDesk(place), place, path: location.pathname, clock: 0 });
  } else if (kept.place !== place) {
    clearInterval(kept.clock);
    if (kept.place) kept.desk.leave();
    Object.assign(kept, { place, path: location.pathname, clock: 0 });
    kept.desk.settle(place);
  }
  return desks.get(name).desk;
}

/** Keep the desk for a while without a place; once the reviewer is on another page, it is not needed any more. */
function park(name, place) {
  const kept = desks.get(name);
  if (!kept || kept.place !== place) return;
  kept.desk.leave();
  kept.place = null;
  const until = Date.now() + PARKED;
  kept.clock = setInterval(() => {
    if (Date.now() < until && location.pathname === kept.path) return;
    clearInterval(kept.clock);
    desks.delete(name);
    kept.desk.close();
  }, LOOK);
}

export default function workbench(component) {
  const { name, parentElement } = component;
  deskIn(name, parentElement).take(component);
  return () => park(name, parentElement);
}
