// @ts-check
// The chat beside the comparison: messages as slices from Python, the focused field's evidence marked and in view.
/**
 * What Python sends; `parts` are slices with whether each is marked.
 * @typedef {{ speaker: string, side: string, named: boolean, parts: [string, boolean][] }} Message
 * @typedef {{ chat: number, above: number, messages: Message[] }} Data
 */

/** @param {{ data: Data | null, parentElement: HTMLElement | ShadowRoot }} component */
export default function ({ data, parentElement }) {
  const root = /** @type {HTMLElement} */ (parentElement.querySelector(".chat"));
  /** @type {(tag: string, name?: string, text?: string) => HTMLElement} */
  const make = (tag, name, text) => {
    const node = document.createElement(tag);
    if (name) node.className = name;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  if (!data) return;
  root.style.height = `max(320px, calc(100vh - ${data.above}px))`;
  root.replaceChildren(
    ...data.messages.map((message) => {
      const line = make("div", `line ${message.side}`);
      if (message.speaker) line.append(make("span", `who${message.named ? " on" : ""}`, message.speaker));
      const body = make("span", "said");
      body.append(...message.parts.map(([text, on]) => make(on ? "mark" : "span", "", text)));
      line.append(body);
      return line;
    }),
  );
  const first = root.querySelector("mark, .who.on");
  if (first)
    root.scrollTop = Math.max(0, /** @type {HTMLElement} */ (first.closest(".line")).offsetTop - root.offsetTop - 90);
  else if (String(data.chat) !== root.dataset.chat) root.scrollTop = 0;
  root.dataset.chat = String(data.chat);
}
