// @ts-check
// What the open form calls somebody who has a filled one, and the other side: 客户 and 客服, or 报修人 and 师傅. Pure.
/** @import { FormPayload } from "./types.js" */
import { ROLE } from "./words.js";

/** @typedef {Pick<FormPayload, "subject" | "staff">} FormWords */

/**
 * One of the filled forms of a chat, by its number: 报修人 2.
 * @param {FormWords} form
 * @param {number} index from 0
 */
export const subjectAt = (form, index) => `${form.subject} ${index + 1}`;

/**
 * The side that somebody is on.
 * @param {FormWords} form
 * @param {string} role as Role, or nothing
 */
export function sideText(form, role) {
  if (role === ROLE.CUSTOMER) return form.subject;
  return role === ROLE.STAFF ? form.staff : role;
}

/**
 * A text of the desk's own, which knows no form, in the form's words. Never for what comes from chats or people.
 * @param {FormWords} form
 * @param {string} text
 */
export const inFormWords = (form, text) => text.replace(/客户|客服/g, (word) => sideText(form, word));
