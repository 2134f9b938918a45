// The component: Streamlit calls the default export on every rerun, with the same element while the desk stays.
import { addCommands } from "./commands.js";
import { makeDesk } from "./desk.js";
import { flushEntries } from "./form_view.js";
import { claimPage, fillViewport, markTheme } from "./frame.js";
import { listen } from "./keyboard.js";

const TICK = 1000;
/** Milliseconds that a desk without a place on the page is kept: Streamlit sometimes builds the element anew. */
const PARKED = 1500;

function openDesk(host) {
  const desk = makeDesk(host, {});
  addCommands(desk);
  let frame = null;
  let stops = [];
  let isSettled = false;

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
  settle(host);
  const clock = setInterval(() => {
    if (!desk.root.isConnected) return;
    frame.fit();
    desk.courier.retry();
    desk.drawBars();
  }, TICK);

  return {
    settle, leave,
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
      desk.courier.stop();
    },
  };
}

const desks = new WeakMap(); // by the element they are in
const parked = new Map(); // by the component's name: without an element, for a moment

/** The desk that has just lost its element, moved into this one; else a new desk. */
function deskFor(name, parentElement) {
  const kept = parked.get(name);
  if (!kept) return openDesk(parentElement);
  clearTimeout(kept.timer);
  parked.delete(name);
  kept.desk.settle(parentElement);
  return kept.desk;
}

function park(name, desk) {
  const before = parked.get(name);
  if (before) {
    clearTimeout(before.timer);
    before.desk.close();
  }
  const timer = setTimeout(() => {
    parked.delete(name);
    desk.close();
  }, PARKED);
  parked.set(name, { desk, timer });
}

export default function workbench(component) {
  const { name, parentElement } = component;
  if (!desks.has(parentElement)) desks.set(parentElement, deskFor(name, parentElement));
  const desk = desks.get(parentElement);
  desk.take(component);
  return () => {
    if (desks.get(parentElement) !== desk) return;
    desks.delete(parentElement);
    desk.leave();
    park(name, desk);
  };
}
