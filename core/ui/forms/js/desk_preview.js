// @ts-check
// The workbench as a picture of itself: a form that nothing uses yet, on one chat. Nothing in it can be reached or edited.
/** @import { Calls, Component, WorkbenchPayload } from "../../workbench/js/types.js" */
import { addCommands } from "../../workbench/js/commands.js";
import { markTheme } from "../../workbench/js/frame.js";
import { ALONE } from "../../workbench/js/open_pages.js";
import { Workbench } from "../../workbench/js/workbench.js";

const PREVIEW_LEAST = 520;
const PREVIEW_AROUND = 190;
const PREVIEW_ANSWER = () => {};

/** @type {WeakMap<object, Workbench>} by the place on the page */
const previews = new WeakMap();

/** @param {HTMLElement | ShadowRoot} place */
function previewIn(place) {
  const known = previews.get(place);
  if (known) return known;
  const workbench = new Workbench(place, /** @type {Calls} */ ({}), ALONE);
  workbench.root.inert = true;
  workbench.root.dataset.testid = "desk-preview";
  addCommands(workbench);
  previews.set(place, workbench);
  return workbench;
}

/** @param {Omit<Component, "data"> & { data: Uint8Array | null }} component */
export default function deskPreview({ name, parentElement, data }) {
  if (!data) return;
  const workbench = previewIn(parentElement);
  const payload = /** @type {WorkbenchPayload} */ (JSON.parse(new TextDecoder().decode(data)));
  markTheme(workbench.root);
  workbench.take({ name, parentElement, data: payload, setStateValue: PREVIEW_ANSWER });
  // As high as all fields: what cannot be reached cannot be scrolled either.
  requestAnimationFrame(() => {
    const fields = workbench.form?.scroll.scrollHeight ?? 0;
    workbench.root.style.height = `${Math.max(PREVIEW_LEAST, fields + PREVIEW_AROUND)}px`;
  });
}
