// @ts-check
// The component: Streamlit calls the default export on every rerun, with the same element while the workbench stays.
/** @import { Calls, Component, WorkbenchPayload } from "./types.js" */
import { addCommands } from "./commands.js";
import { uuid } from "./dom.js";
import { claimPage, fillViewport, isAwaited, markTheme } from "./frame.js";
import { releaseDrafts } from "./journal.js";
import { listen } from "./keyboard.js";
import { joinPages } from "./open_pages.js";
import { answerPalette } from "./palette_offers.js";
import { Workbench } from "./workbench.js";

const TICK = 1000;
/** Milliseconds that a workbench without a place on the page is kept: Streamlit sometimes builds the element anew. */
const PARKED = 10_000;
const LOOK = 250;
/** Ticks without the server after which the desk says so. */
const LONG = 3;
/** Signs that somebody sits before the workbench. */
const SIGNS = ["keydown", "pointermove", "pointerdown", "wheel"];

const pages = joinPages(uuid(), new BroadcastChannel("shiyao:pages"));
window.addEventListener("pagehide", (event) => {
  if (!event.persisted) releaseDrafts(window.localStorage, pages.id);
});

/** @param {HTMLElement | ShadowRoot} host */
function openWorkbench(host) {
  const workbench = new Workbench(host, /** @type {Calls} */ ({}), pages);
  addCommands(workbench);
  /** @type {ReturnType<typeof fillViewport> | null} */
  let frame = null;
  /** @type {(() => void)[]} */
  let stops = [];
  let isSettled = false;
  let seen = Date.now();
  const onSign = () => {
    seen = Date.now();
  };

  /**
   * Take a place on the page: the first one, or another after Streamlit has built the element anew.
   * @param {HTMLElement | ShadowRoot} place
   */
  function settle(place) {
    const shell = place instanceof ShadowRoot ? /** @type {HTMLElement} */ (place.host) : place;
    isSettled = false;
    workbench.host = place;
    if (workbench.root.parentNode !== place) place.append(workbench.root);
    frame = fillViewport(shell, workbench.root);
    stops = [claimPage(shell), frame.stop, listen(workbench), answerPalette(workbench)];
  }

  /** Leave the place: what was typed lies in the journal, the page gets its own look back. */
  function leave() {
    workbench.flush();
    stops.forEach((stop) => stop());
    stops = [];
    workbench.root.remove();
  }

  /** @param {BeforeUnloadEvent} event */
  function onLeave(event) {
    workbench.flush();
    if (workbench.sync.hasWork()) event.preventDefault();
  }
  // Somebody goes to the menu: what was typed goes off now, for the page may be another one in a moment.
  workbench.root.addEventListener("focusout", (event) => {
    if (!workbench.root.contains(/** @type {Node | null} */ (event.relatedTarget))) workbench.sync.flushDrafts();
  });
  window.addEventListener("beforeunload", onLeave);
  SIGNS.forEach((name) => window.addEventListener(name, onSign, { passive: true, capture: true }));
  settle(host);
  let awaited = 0;
  const clock = setInterval(() => {
    if (!workbench.root.isConnected) return;
    frame?.fit();
    awaited = isAwaited(workbench.shell()) ? awaited + 1 : 0;
    workbench.isAwaiting = awaited >= LONG;
    workbench.sync.retry();
    if (!document.hidden || workbench.store.offline) workbench.sync.beat(seen);
    workbench.drawBars();
    workbench.drawNotices();
    workbench.nameTab();
  }, TICK);

  return {
    settle,
    leave,
    /** @param {Component} component */
    take(component) {
      markTheme(workbench.root);
      const moved = !isSettled && workbench.component !== null;
      isSettled = true;
      workbench.take(component);
      workbench.calls.takeDiscussions(component.data?.discussions);
      if (moved) workbench.sync.repeat();
      requestAnimationFrame(() => frame?.fit());
    },
    close() {
      clearInterval(clock);
      window.removeEventListener("beforeunload", onLeave);
      SIGNS.forEach((name) => window.removeEventListener(name, onSign, { capture: true }));
      workbench.sync.stop();
    },
  };
}

/**
 * A workbench on the page; `place` is null while it is parked.
 * @typedef {{ workbench: ReturnType<typeof openWorkbench>, place: HTMLElement | ShadowRoot | null, path: string,
 *   clock: ReturnType<typeof setInterval> | undefined }} Kept
 */
/** @type {Map<string, Kept>} by the component's name */
const workbenches = new Map();

/**
 * The workbench in this element: the one that is there already, wherever it was until now, else a new one.
 * @param {string} name
 * @param {HTMLElement | ShadowRoot} place
 */
function workbenchIn(name, place) {
  const kept = workbenches.get(name);
  if (!kept) {
    const made = openWorkbench(place);
    workbenches.set(name, { workbench: made, place, path: location.pathname, clock: undefined });
    return made;
  }
  if (kept.place !== place) {
    clearInterval(kept.clock);
    if (kept.place) kept.workbench.leave();
    Object.assign(kept, { place, path: location.pathname, clock: undefined });
    kept.workbench.settle(place);
  }
  return kept.workbench;
}

/**
 * Keep the workbench for a while without a place; once the reviewer is on another page, it is not needed any more.
 * @param {string} name
 * @param {HTMLElement | ShadowRoot} place
 */
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

/** @type {WeakMap<Uint8Array, WorkbenchPayload>} Streamlit hands over the same bytes again and again */
const payloads = new WeakMap();

/**
 * What Python sent, which comes as the bytes of its JSON.
 * @param {Uint8Array} bytes
 */
function read(bytes) {
  const known = payloads.get(bytes);
  if (known) return known;
  const payload = /** @type {WorkbenchPayload} */ (JSON.parse(new TextDecoder().decode(bytes)));
  payloads.set(bytes, payload);
  return payload;
}

/** @param {Omit<Component, "data"> & { data: Uint8Array | null }} component */
export default function workbench(component) {
  const { name, parentElement, data } = component;
  workbenchIn(name, parentElement).take({ ...component, data: data && read(data) });
  return () => park(name, parentElement);
}
