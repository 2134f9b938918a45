// The component: Streamlit calls the default export on every rerun, with the same element while the desk stays.
import { addCommands } from "./commands.js";
import { makeDesk } from "./desk.js";
import { flushEntries } from "./form_view.js";
import { claimPage, fillViewport, markTheme } from "./frame.js";
import { listen } from "./keyboard.js";

const TICK = 1000;

function openDesk(host) {
  const desk = makeDesk(host, {});
  addCommands(desk);
  const shell = host.host ?? host;
  const frame = fillViewport(shell, desk.root);
  const stops = [claimPage(shell), frame.stop, listen(desk)];

  function onLeave(event) {
    if (desk.form) flushEntries(desk.form);
    if (desk.courier.hasWork()) event.preventDefault();
  }
  // Somebody goes to the menu: what was typed goes off now, for the page may be another one in a moment.
  desk.root.addEventListener("focusout", (event) => {
    if (!desk.root.contains(event.relatedTarget)) desk.courier.flushDrafts();
  });
  window.addEventListener("beforeunload", onLeave);
  const clock = setInterval(() => {
    frame.fit();
    desk.courier.retry();
    desk.drawBars();
  }, TICK);

  return {
    take(component) {
      markTheme(desk.root);
      desk.take(component);
      requestAnimationFrame(frame.fit);
    },
    close() {
      if (desk.form) flushEntries(desk.form);
      clearInterval(clock);
      window.removeEventListener("beforeunload", onLeave);
      desk.courier.stop();
      stops.forEach((stop) => stop());
      desk.root.remove();
    },
  };
}

const desks = new WeakMap();

export default function workbench(component) {
  const { parentElement } = component;
  if (!desks.has(parentElement)) desks.set(parentElement, openDesk(parentElement));
  const desk = desks.get(parentElement);
  desk.take(component);
  return () => {
    desk.close();
    desks.delete(parentElement);
  };
}
