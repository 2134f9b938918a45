// @ts-check
// The layers of the desk itself: those that are there for good and own what is pressed inside them, and the sheet of keys.
/** @import { Layer } from "./types.js" */
/** @import { Workbench } from "./workbench.js" */
import { conflictLayer } from "./conflict_keys.js";

/**
 * The search, the note of a discussion, the divider, the rail and the box of a conflict.
 * @param {Workbench} workbench
 * @returns {Layer[]}
 */
export function lastingLayers(workbench) {
  const { top, bottom, divider, calls } = workbench;
  const text = { isText: true, isThrough: false, onKey: () => false };
  return [
    { ...text, name: "search", inside: top.find, close: () => workbench.leaveSearch() },
    { ...text, name: "note", inside: bottom.input, close: () => calls.discussWith(null) },
    {
      name: "divider",
      inside: divider.element,
      isText: false,
      isThrough: true,
      onKey: divider.onKey,
      close: () => workbench.refocus(),
    },
    {
      name: "rail",
      inside: workbench.rail.element,
      isText: false,
      isThrough: true,
      onKey: workbench.rail.onKey,
      close: () => workbench.refocus(),
    },
    conflictLayer(workbench),
  ];
}

/**
 * The sheet of all keys: the keys that opened it close it, too. Letters go into its search; `?` closes it while nothing is
 * typed there.
 * @param {Workbench} workbench
 * @returns {Layer}
 */
export function helpLayer(workbench) {
  const { help } = workbench;
  const close = () => workbench.toggleHelp(false);

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const isClosing = event.key === "F1" || (event.key === "?" && !help.search.value);
    if (isClosing) close();
    return isClosing || help.scrollBy(event.key);
  }

  return { name: "help", inside: null, isText: true, isThrough: false, onKey, close };
}
