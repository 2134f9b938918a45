// Which key does what. The same table drives the keyboard and the help sheet. Pure.

const isMac = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform ?? "");

/** Every command: `keys` act anywhere on the desk, `letter` only in command mode (entered with Esc). */
export const COMMANDS = [
  { id: "approve", group: "判定", label: "确认并下一条", keys: ["Ctrl+Enter"], letter: "A" },
  { id: "discuss", group: "判定", label: "待讨论（可写原因）", keys: ["Alt+D"], letter: "D" },
  { id: "skip", group: "判定", label: "跳过", keys: ["Alt+S"], letter: "S" },
  { id: "empties", group: "判定", label: "确认其余为空", keys: ["Alt+E"], letter: "E" },
  { id: "next", group: "走动", label: "下一条群聊", keys: ["Alt+ArrowDown"], letter: "J" },
  { id: "previous", group: "走动", label: "上一条群聊", keys: ["Alt+ArrowUp"], letter: "K" },
  { id: "unseen", group: "走动", label: "下一处未确认", keys: ["Alt+N"], letter: "N" },
  { id: "evidence", group: "走动", label: "本字段的下一处依据", keys: ["Alt+."], letter: "." },
  { id: "evidenceBack", group: "走动", label: "本字段的上一处依据", keys: ["Alt+,"], letter: "," },
  { id: "search", group: "走动", label: "在群聊里查找", keys: ["Alt+F"], letter: "/" },
  { id: "confirm", group: "字段", label: "确认本字段", keys: ["Alt+C"], letter: "C" },
  { id: "takeBack", group: "字段", label: "取回模型的值", keys: ["Alt+R"], letter: "R" },
  { id: "fill", group: "字段", label: "用选中的群聊文字填入", keys: ["Alt+I"], letter: "I" },
  { id: "undo", group: "字段", label: "撤销", keys: ["Ctrl+Z"], letter: "U" },
  { id: "redo", group: "字段", label: "重做", keys: ["Ctrl+Shift+Z", "Ctrl+Y"], letter: "" },
  { id: "add", group: "客户", label: "添加客户", keys: ["Alt+="], letter: "+" },
  { id: "remove", group: "客户", label: "删除本客户（可撤销）", keys: ["Alt+-"], letter: "-" },
  { id: "help", group: "其他", label: "全部快捷键", keys: ["Alt+/"], letter: "?" },
];

/** Keys that the fields handle themselves, for the help sheet. */
export const FIELD_KEYS = [
  { group: "字段", label: "下一个 / 上一个字段", keys: ["Tab", "Shift+Tab"] },
  { group: "字段", label: "确认本字段，到下一个；有自填文字时先加入", keys: ["Enter"] },
  { group: "字段", label: "长文本里换行", keys: ["Shift+Enter"] },
  { group: "字段", label: "选择第几个值（自填以数字开头时先按空格）", keys: ["1…9"] },
  { group: "字段", label: "去掉最后一个值（自填框空着时）", keys: ["Backspace"] },
  { group: "客户", label: "切换客户", keys: ["Alt+1…9"] },
  { group: "其他", label: "进入命令模式：单个字母即命令；再按 Esc 或点字段退出", keys: ["Esc"] },
];

/** Whether an input method is composing: such a key is never a command. */
export function isComposing(event) {
  return event.isComposing === true || event.keyCode === 229;
}

/** The event as "Ctrl+Shift+Z"; Cmd counts as Ctrl on a Mac; physical keys where Alt changes the character. */
export function chordOf(event, mac = isMac) {
  let key = event.key ?? "";
  if (event.altKey && event.code) {
    const plain = { Period: ".", Comma: ",", Slash: "/", Equal: "=", Minus: "-" }[event.code];
    if (plain) key = plain;
    else if (/^Key[A-Z]$/.test(event.code)) key = event.code.slice(3);
    else if (/^(Digit|Numpad)[0-9]$/.test(event.code)) key = event.code.slice(-1);
  }
  if (key.length === 1) key = key.toUpperCase();
  const parts = [];
  if (event.ctrlKey || (mac && event.metaKey)) parts.push("Ctrl");
  if (event.altKey) parts.push("Alt");
  if (event.shiftKey && (key.length > 1 || parts.length)) parts.push("Shift");
  return [...parts, key].join("+");
}

/** The command of a key event: `{id}`, `{id: "customer", number}`, or null. */
export function commandOf(event, commandMode, mac = isMac) {
  if (isComposing(event)) return null;
  const chord = chordOf(event, mac);
  const number = /^Alt\+([1-9])$/.exec(chord);
  if (number) return { id: "customer", number: Number(number[1]) };
  const direct = COMMANDS.find((command) => command.keys.includes(chord));
  if (direct) return { id: direct.id };
  if (!commandMode || event.ctrlKey || event.altKey || event.metaKey) return null;
  const letter = COMMANDS.find((command) => command.letter && command.letter === (event.key ?? "").toUpperCase());
  return letter ? { id: letter.id } : null;
}

/** A key name as people see it on the keyboard. */
export function keyCap(name, mac = isMac) {
  const caps = { Enter: "↵", ArrowUp: "↑", ArrowDown: "↓", Ctrl: mac ? "⌘" : "Ctrl", Alt: mac ? "⌥" : "Alt" };
  return caps[name] ?? name;
}
