// Keys on the whole page while the desk is on it. Fields handle their own keys; this is for commands.
import { commandOf, isComposing } from "./keys.js";

const MAY_REPEAT = new Set(["next", "previous", "undo", "redo", "unseen", "nextField", "previousField", "messageUp", "messageDown",
                            "wordLeft", "wordRight", "grow", "shrink", "evidence", "evidenceBack"]);

/** Listen to the page's keys; returns a stop function. */
export function listen(desk) {
  function keep(event) {
    event.preventDefault();
    event.stopPropagation();
  }

  function onEscape(event) {
    const back = desk.commandMode;
    if (desk.top.find.value) {
      desk.top.find.value = "";
      desk.calls.find("", 0);
    }
    desk.setMode(!back);
    if (back) desk.refocus();
    else desk.root.focus({ preventScroll: true });
    keep(event);
  }

  function onKey(event) {
    if (!desk.root.isConnected || isComposing(event)) return;
    const path = event.composedPath();
    if (!path.includes(desk.root) && desk.isEditingOutside()) return;
    if (!desk.help.element.hidden) {
      if (event.key === "Escape" || event.key === "?" || event.key === "F1") {
        desk.toggleHelp(false);
        keep(event);
      }
      return;
    }
    const inNote = desk.bottom.noteOpen && path[0] === desk.bottom.input;
    const inMenu = path.some((node) => node.classList?.contains("menu"));
    if (inNote || inMenu) return;
    if (event.key === "Escape") {
      onEscape(event);
      return;
    }
    const command = commandOf(event, desk.commandMode);
    const plain = desk.commandMode && !event.ctrlKey && !event.altKey && !event.metaKey;
    if (plain && /^[1-9]$/.test(event.key)) {
      desk.calls.digit(Number(event.key));
      keep(event);
    } else if (plain && event.key === "Enter") {
      desk.setMode(false);
      desk.refocus();
      keep(event);
    } else if (command) {
      if (!event.repeat || MAY_REPEAT.has(command.id)) desk.calls.run(command.id, command.number);
      if (desk.commandMode) keep(event);
      else event.preventDefault();
    } else if (desk.commandMode && event.key.length === 1) {
      keep(event); // Streamlit has letters of its own: R runs the page again, C clears its caches
    }
  }

  window.addEventListener("keydown", onKey, true);
  return () => window.removeEventListener("keydown", onKey, true);
}
