// The chat beside the comparison: messages as slices from Python, the focused field's evidence marked and in view.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".chat");
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
  if (first) root.scrollTop = Math.max(0, first.closest(".line").offsetTop - root.offsetTop - 90);
  else if (data.chat !== root.dataset.chat) root.scrollTop = 0;
  root.dataset.chat = data.chat;
}
