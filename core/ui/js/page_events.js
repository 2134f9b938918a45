// @ts-check
// What the palette of the page's shell and whatever is on the page say to one another, as events of the window: the two are
// joined into different scripts, and either may be there without the other. Pure.

/** The palette opens: whoever has something to pick puts it into `detail.items`. */
export const PALETTE_ASKS = "shiyao:palette-asks";
/** The palette closes: whoever had the focus may call `detail.shut()` itself and prevent the default. */
export const PALETTE_CLOSES = "shiyao:palette-closes";
/** A chat was picked, `detail.dataset` and `detail.chat`: whoever has its dataset on screen opens it and prevents the default. */
export const CHAT_PICKED = "shiyao:chat-picked";

/**
 * Something that can be picked. `context` is found as well, and stands behind the label; `keys` are those that do the same.
 * With `run` the page in front does it, else `page` with the parameters `query` opens. Who is not `isRemembered` never
 * stands in front the next time.
 * @typedef {{ id: string, kind: string, label: string, context: string, keys?: string, page?: string,
 *   query?: Record<string, string>, run?: () => void, isRemembered?: boolean }} PaletteItem
 */
