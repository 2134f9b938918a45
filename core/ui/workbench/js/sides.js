// @ts-check
// Who is on which side once the forms say who the customers are: whoever has a form is one, whatever was guessed. Pure.
/** @import { ChatPayload, Entry, FormPayload } from "./types.js" */
import { rememberLast } from "./remember.js";
import { valueText } from "./values.js";
import { ROLE } from "./words.js";

/**
 * A chat whose speakers and counts go by its forms: a customer whom the guess took for staff counts as a customer, and is
 * not offered as staff.
 * @type {(entry: Entry, form: FormPayload) => ChatPayload}
 */
export const chatAsFilled = rememberLast(
  (entry, form) => [entry.work, entry.chat, form],
  ({ work, chat }, form) => {
    const names = new Set(work.map(({ values }) => valueText(values[form.name_field]).trim()));
    const speakers = (chat.speakers ?? []).map((one) =>
      one.role === ROLE.STAFF && names.has(one.name) ? { ...one, role: ROLE.CUSTOMER } : one,
    );
    const moved = speakers.filter((one, i) => one !== chat.speakers[i]).length;
    if (!moved) return chat;
    const { customers, staff } = chat.counts;
    return { ...chat, speakers, counts: { ...chat.counts, customers: customers + moved, staff: staff - moved } };
  },
);
