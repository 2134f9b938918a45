// @ts-check
// What the bar below offers with a sentence: the way back from what was done, the word that something came too soon.
/** @import { Action } from "./types.js" */
/** @import { Workbench } from "./workbench.js" */
import { chordFor } from "./keys.js";
import { entryOf } from "./state.js";

/** What is said of a key or click that came before anybody could see what it would act on. */
export const TOO_SOON = {
  chat: "刚换到这里，按得太快的键没有生效",
  layer: "刚打开，按得太快的键没有生效",
  closed: "刚关上，按得太快的键没有生效",
  place: "第二下点击没有生效",
};

/**
 * A way back from the last change of the chat on screen, and from nothing else; null where nothing changed.
 * @param {Workbench} workbench
 * @returns {Action | null}
 */
export function undoOfChange(workbench) {
  const { store, changed } = workbench;
  const entry = entryOf(store);
  if (!entry || changed === null) return null;
  const step = entry.undo[entry.undo.length - 1];
  const run = () => {
    const isLast = entryOf(store) === entry && entry.undo[entry.undo.length - 1] === step;
    if (isLast) workbench.calls.run("undo");
    else workbench.say("之后又有改动：请按 Ctrl+Z 一步步撤销", { seconds: 3 });
  };
  return { label: `撤销 ${chordFor("undo")}`, run };
}

/**
 * Another dataset is on the desk: what was decided on the one before is neither said nor taken back there.
 * @param {Workbench} workbench
 */
export function leaveDesk(workbench) {
  workbench.decisions = [];
  workbench.say("");
}
