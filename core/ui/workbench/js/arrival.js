// @ts-check
// Since when what is on screen can be seen: nobody decides on what has just come. What that means for text, keys, clicks
// and decisions is guard.js's. Pure.
/** @import { Arrival } from "./types.js" */

/** Milliseconds that somebody needs to see what has come. */
const LOOK_TIME = 400;

/**
 * The clock of what came last: a chat, or something that stops a decision.
 * @param {() => number} now milliseconds
 * @returns {Arrival}
 */
export function makeArrival(now) {
  const came = {
    chat: -Infinity,
    stop: -Infinity,
    box: -Infinity,
    layer: -Infinity,
    lead: -Infinity,
    customer: -Infinity,
  };
  let isUnasked = false;
  let hasMoved = false;
  const isNew = (/** @type {number} */ at) => now() - at < LOOK_TIME;
  return {
    chat(isAsked) {
      came.chat = now();
      isUnasked = !isAsked;
      hasMoved = false;
    },
    stop() {
      came.stop = now();
    },
    box() {
      came.box = now();
    },
    layer() {
      came.layer = now();
    },
    customer() {
      came.customer = now();
    },
    lead() {
      came.lead = now();
      hasMoved = false;
    },
    moved() {
      hasMoved = true;
    },
    stay() {
      hasMoved = false;
    },
    hasMoved: () => hasMoved,
    isNewCustomer: () => isNew(came.customer),
    isLed: () => isNew(came.lead) && !hasMoved,
    isNewChat: () => isNew(came.chat),
    isUnasked: () => isUnasked && isNew(came.chat),
    isNew: () => isNew(came.chat) || isNew(came.stop),
    isNewLayer: () => isNew(came.layer),
    // A click goes where it is seen to go, whenever the keyboard's focus came there.
    isNewBox: () => isNew(came.chat) || isNew(came.box),
  };
}
