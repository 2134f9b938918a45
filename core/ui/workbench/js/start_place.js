// @ts-check
// Where the desk stands in a chat that has just come on screen. Pure.
/** @import { Entry, FormView, Store } from "./types.js" */
import { placeInWalk } from "./echo.js";
import { isDelta } from "./model.js";

/**
 * The customer and the field that a chat opens at: the first, in a walk the one that it is about, under delta review
 * the first field that is asked about.
 * @param {Store} store
 * @param {Entry | null} entry
 * @param {FormView | null} form
 * @returns {{ customer: number, field: string }}
 */
export function startOf(store, entry, form) {
  const fields = form?.form.fields ?? [];
  const first = { customer: 0, field: fields[0]?.key ?? "" };
  const place = placeInWalk(store, entry);
  if (place) return place;
  if (!entry || !isDelta(entry)) return first;
  return { customer: 0, field: fields.find(({ key }) => key in (entry.work[0].delta ?? {}))?.key ?? first.field };
}
