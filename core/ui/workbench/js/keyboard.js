// Keys on the whole page while the desk is on it. Fields handle their own keys; this is for commands.
import { chordOf, commandOf, isComposing, placeOf } from "./keys.js";

const MAY_REPEAT = new Set([
  "next",
  "previous",
  "undo",
  "redo",
  "unseen",
  "nextField",
  "previousField",
  "messageUp",
  "messageDown",
  "wordLeft",
  "wordRight",
  "grow",
  "shrink",
  "evidence",
  "evidenceBack",
]);

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

  /** Letters stand at the fields: one leads there, Esc or the same keys take them away, any other key is what it is. */
  function onLetter(event) {
    if (["Shift", "Control", "Alt", "Meta"].includes(event.key)) return true;
    desk.showLetters(false);
    const isPlain = !event.ctrlKey && !event.altKey && !event.metaKey;
    const place = isPlain ? placeOf(event.key) : -1;
    if (place >= 0) desk.calls.run("field", place);
    else desk.refocus();
    if (place < 0 && event.key !== "Escape" && chordOf(event) !== "Alt+L") return false;
    keep(event);
    return true;
  }

  function onKey(event) {
    if (!desk.root.isConnected || isComposing(event)) return;
    if (event.key === "Shift" || event.key === "Alt") desk.holdLetters(event.altKey && event.shiftKey);
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
    if (desk.lettersAsked && onLetter(event)) return;
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

  const letGo = () => desk.holdLetters(false);
  window.addEventListener("keydown", onKey, true);
  window.addEventListener("keyup", letGo, true);
  window.addEventListener("blur", letGo);
  return () => {
    window.removeEventListener("keydown", onKey, true);
    window.removeEventListener("keyup", letGo, true);
    window.removeEventListener("blur", letGo);
  };
}
