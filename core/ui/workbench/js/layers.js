// @ts-check
// Who owns the keyboard. Whatever lies over the desk (help, a list to pick from, a note, the search, a conflict) is a
// layer: the topmost one that a key belongs to gets it, and Esc closes exactly that one. Pure.
/** @import { Layer, LayerStack } from "./types.js" */

/**
 * The layers that are open, lowest first.
 * @returns {LayerStack}
 */
export function makeLayers() {
  /** @type {Layer[]} */
  const open = [];

  /** @param {Layer} layer */
  function remove(layer) {
    const place = open.indexOf(layer);
    if (place >= 0) open.splice(place, 1);
    return place >= 0;
  }

  return {
    /**
     * Put a layer on top; one of the same name that is open goes.
     * @param {Layer} layer
     */
    open(layer) {
      const same = open.find(({ name }) => name === layer.name);
      if (same) remove(same);
      open.push(layer);
    },

    /**
     * Take a layer away by name, without asking it to close.
     * @param {string} name
     */
    drop(name) {
      const layer = open.find((other) => other.name === name);
      return layer ? remove(layer) : false;
    },

    has: (/** @type {string} */ name) => open.some((layer) => layer.name === name),

    /**
     * The layer that a key belongs to: the topmost, unless that one only takes keys that are pressed inside it. One that
     * was taken off the page by somebody else owns nothing.
     * @param {EventTarget[]} path from the element that has the focus outwards
     */
    ownerOf(path) {
      for (const gone of open.filter((layer) => layer.isThere?.() === false)) remove(gone);
      return open.findLast((layer) => layer.inside === null || path.includes(layer.inside)) ?? null;
    },
  };
}

/**
 * Hand a key to the layer that owns it. Returns what becomes of it: "taken" (nothing else may act), "left" (the browser's:
 * text, scrolling), or "desk" where no layer owns it or the layer lets it through.
 * @template {{ key: string, ctrlKey: boolean, altKey: boolean, metaKey: boolean }} Key
 * @param {Layer<Key> | null} layer
 * @param {Key} event
 * @param {boolean} isCommand whether the key would be a command of the desk in any mode
 * @returns {"taken" | "left" | "desk"}
 */
export function pressIn(layer, event, isCommand) {
  if (!layer) return "desk";
  if (event.key === "Escape") {
    layer.close();
    return "taken";
  }
  const fate = layer.onKey(event);
  if (fate) return fate === true ? "taken" : fate;
  if (layer.isThrough) return "desk";
  if (layer.isText) return isCommand && !isEditing(event) ? "taken" : "left";
  const isPlain = !event.ctrlKey && !event.altKey && !event.metaKey;
  return isCommand || (isPlain && event.key.length === 1 && event.key !== " ") ? "taken" : "left";
}

/**
 * Keys that edit text wherever text is: undo and redo of the input itself.
 * @param {{ key: string, ctrlKey: boolean, metaKey: boolean }} event
 */
function isEditing(event) {
  return (event.ctrlKey || event.metaKey) && /^[zyacvx]$/i.test(event.key);
}
