// @ts-check
// Which key does what. The same table drives the keyboard and the help sheet. Pure.
/** @import { KeyEvent } from "./types.js" */

const isMac = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform ?? "");

/**
 * Every command: `keys` act anywhere on the workbench, `letters` only in command mode (entered with Esc). The keyboard, the
 * buttons and the help sheet all read this one table.
 */
export const COMMANDS = [
  { id: "approve", group: "判定", label: "确认并下一条", keys: ["Ctrl+Enter"], letters: ["A"] },
  { id: "discuss", group: "判定", label: "待讨论（可写原因）", keys: ["Alt+D"], letters: ["D"] },
  { id: "skip", group: "判定", label: "跳过", keys: ["Alt+S"], letters: ["S"] },
  { id: "empties", group: "判定", label: "确认其余为空", keys: ["Alt+E"], letters: ["E"] },
  { id: "undo", group: "判定", label: "撤销（修改、确认都能撤）", keys: ["Ctrl+Z"], letters: ["U"] },
  { id: "redo", group: "判定", label: "重做（确认也能重做）", keys: ["Ctrl+Y", "Ctrl+Shift+Z"], letters: ["Y"] },
  { id: "conflict", group: "判定", label: "到冲突处选值", keys: ["Alt+K"], letters: [] },
  { id: "next", group: "走动", label: "下一条群聊", keys: ["Alt+ArrowDown"], letters: ["J"] },
  { id: "previous", group: "走动", label: "上一条群聊", keys: ["Alt+ArrowUp"], letters: ["K"] },
  { id: "nextField", group: "走动", label: "下一个字段", keys: [], letters: ["Tab"] },
  { id: "previousField", group: "走动", label: "上一个字段", keys: [], letters: ["Shift+Tab"] },
  { id: "address", group: "走动", label: "到某个字段：再按它的字母", keys: ["Alt+L"], letters: ["L"] },
  { id: "unseen", group: "走动", label: "下一处未确认", keys: ["Alt+N"], letters: ["N"] },
  {
    id: "doubt",
    group: "走动",
    label: "下一处疑点（检查有话说、抽取任务或标注不同）",
    keys: ["Alt+Q"],
    letters: ["Q"],
  },
  { id: "onlyDoubts", group: "走动", label: "只看疑点；再按显示全部", keys: ["Alt+Z"], letters: ["Z"] },
  { id: "confirm", group: "字段", label: "确认本字段", keys: ["Alt+C"], letters: ["C"] },
  { id: "takeBack", group: "字段", label: "取回抽取的值", keys: ["Alt+R"], letters: ["R"] },
  { id: "other", group: "字段", label: "换成别的抽取任务或标注的值（再按换下一个）", keys: ["Alt+V"], letters: ["V"] },
  { id: "accept", group: "字段", label: "采用新的抽取任务的值（增量审阅）", keys: ["Alt+T"], letters: ["T"] },
  { id: "missed", group: "字段", label: "看群聊里漏掉的一处；再按填入", keys: ["Alt+F"], letters: ["F"] },
  { id: "dismiss", group: "字段", label: "漏掉的这一处不用填", keys: ["Alt+H"], letters: ["H"] },
  {
    id: "thread",
    group: "字段",
    label: "讨论本字段（@ 提到同事）；再按到下一处讨论",
    keys: ["Alt+;"],
    letters: [";", "；"],
  },
  { id: "guide", group: "字段", label: "规范 · 为什么：本字段怎么填，为什么是这个值", keys: ["Alt+G"], letters: ["G"] },
  { id: "evidence", group: "群聊", label: "本字段的下一处依据", keys: ["Alt+."], letters: ["."] },
  { id: "evidenceBack", group: "群聊", label: "本字段的上一处依据", keys: ["Alt+,"], letters: [","] },
  { id: "search", group: "群聊", label: "查找；回车下一处，Shift+回车上一处", keys: ["Alt+/"], letters: ["/"] },
  { id: "messageDown", group: "群聊", label: "下一条消息", keys: [], letters: ["ArrowDown"] },
  { id: "messageUp", group: "群聊", label: "上一条消息", keys: [], letters: ["ArrowUp"] },
  { id: "wordRight", group: "群聊", label: "选中消息里的下一个词", keys: [], letters: ["ArrowRight"] },
  { id: "wordLeft", group: "群聊", label: "选中消息里的上一个词", keys: [], letters: ["ArrowLeft"] },
  { id: "grow", group: "群聊", label: "多选一个词", keys: [], letters: ["Shift+ArrowRight"] },
  { id: "shrink", group: "群聊", label: "少选一个词", keys: [], letters: ["Shift+ArrowLeft"] },
  { id: "clause", group: "群聊", label: "选到这一句的末尾；再按选到下一句", keys: [], letters: ["Shift+End"] },
  { id: "whole", group: "群聊", label: "选中整条消息", keys: [], letters: ["Shift+ArrowDown"] },
  { id: "fill", group: "群聊", label: "把选中的文字填入字段", keys: ["Alt+I"], letters: ["I"] },
  { id: "pin", group: "群聊", label: "把这条消息钉为依据；再按取下", keys: ["Alt+P"], letters: ["P"] },
  { id: "narrow", group: "群聊", label: "只看与本客户有关的消息", keys: ["Alt+O"], letters: ["O"] },
  { id: "add", group: "客户", label: "添加客户（从发言人里选）", keys: ["Alt+="], letters: ["+", "="] },
  { id: "remove", group: "客户", label: "删除本客户（可撤销）", keys: ["Alt+-"], letters: ["-"] },
  { id: "bind", group: "客户", label: "对应到一位发言人", keys: ["Alt+B"], letters: ["B"] },
  { id: "merge", group: "客户", label: "并入另一位客户", keys: ["Alt+M"], letters: ["M"] },
  { id: "split", group: "客户", label: "拆出一位客户", keys: ["Alt+X"], letters: ["X"] },
  { id: "swap", group: "客户", label: "与另一位客户互换本字段", keys: ["Alt+W"], letters: ["W"] },
  { id: "moveLeft", group: "客户", label: "把本客户往前移", keys: ["Alt+["], letters: ["["] },
  { id: "moveRight", group: "客户", label: "把本客户往后移", keys: ["Alt+]"], letters: ["]"] },
  { id: "echo", group: "走动", label: "看同类改动：改过三次的值还在哪里；再按离开", keys: ["Alt+'"], letters: ["'"] },
  { id: "echoAway", group: "走动", label: "这类改动不再提示；没有提示时全部恢复", keys: ["Alt+\\"], letters: ["\\"] },
  { id: "help", group: "其他", label: "全部快捷键（? 只在焦点不在输入框时）", keys: ["F1"], letters: ["?"] },
];

/** Keys that the fields handle themselves, for the help sheet. */
export const FIELD_KEYS = [
  { group: "字段", label: "下一个 / 上一个字段", keys: ["Tab", "Shift+Tab"] },
  { group: "走动", label: "直接到字段；按住 Alt+Shift 看各字段的字母", keys: ["Alt+Shift+A…"] },
  { group: "字段", label: "确认本字段，到下一个；有自填文字时先加入", keys: ["Enter"] },
  { group: "字段", label: "长文本里换行", keys: ["Shift+Enter"] },
  { group: "字段", label: "选择第几个值（自填以数字开头时先打 '）", keys: ["1…9"] },
  { group: "字段", label: "去掉最后一个值（自填框空着时）", keys: ["Backspace"] },
  { group: "群聊", label: "按住：看本字段依据的原句（正在打字时是空格）", keys: ["Space"] },
  { group: "客户", label: "切换客户", keys: ["Alt+1…9"] },
  { group: "判定", label: "冲突里：上一处 / 下一处", keys: ["ArrowUp", "ArrowDown"] },
  { group: "判定", label: "冲突里：这一处用我的 / 用对方的", keys: ["ArrowLeft", "ArrowRight"] },
  { group: "判定", label: "冲突里：全部用我的 / 全部用对方的", keys: ["M", "T"] },
  { group: "其他", label: "讨论里：发出 / 换行", keys: ["Enter", "Shift+Enter"] },
  { group: "其他", label: "讨论里：解决或重开（写了的一并发出）", keys: ["Ctrl+Enter"] },
  { group: "其他", label: "讨论里：改自己的上一条（框里空着时）", keys: ["ArrowUp"] },
  { group: "判定", label: "冲突里：按所选保存；Esc 回到表单", keys: ["Ctrl+Enter"] },
  { group: "其他", label: "搜索字段、群聊、抽取任务、页面和命令", keys: ["Ctrl+K"] },
  { group: "其他", label: "分界线上：调整群聊与表单的宽度", keys: ["ArrowLeft", "ArrowRight"] },
  { group: "其他", label: "关掉最上面的一层；没有时进出命令模式（单个字母即命令）", keys: ["Esc"] },
];

const FIRST_COMMANDS = ["approve", "undo", "evidence"];
const FIRST_FIELD_KEYS = ["Tab", "Enter", "1…9"];

/** The six keys to begin with: the sheet of keys shows them before all others. */
export const FIRST_KEYS = [
  ...FIRST_FIELD_KEYS.flatMap((key) => FIELD_KEYS.filter(({ keys, group }) => group === "字段" && keys[0] === key)),
  ...FIRST_COMMANDS.flatMap((id) => COMMANDS.filter((command) => command.id === id)),
];

/**
 * The first key of a command that acts anywhere, for buttons and titles.
 * @param {string} id
 */
export function chordFor(id) {
  return COMMANDS.find((command) => command.id === id)?.keys[0] ?? "";
}

/**
 * Whether an input method is composing: such a key is never a command.
 * @param {KeyEvent} event
 */
export function isComposing(event) {
  return event.isComposing === true || event.keyCode === 229;
}

/**
 * The letter that leads to the field at a place in the form: A for the first; a form's 27th has none.
 * @param {number} place
 */
export function letterOf(place) {
  return place < 26 ? String.fromCharCode(65 + place) : "";
}

/**
 * The place of the field that a letter leads to; -1 where the key is no letter.
 * @param {string} letter
 */
export function placeOf(letter) {
  return /^[A-Z]$/i.test(letter) ? letter.toUpperCase().charCodeAt(0) - 65 : -1;
}

/**
 * The event as "Ctrl+Shift+Z"; Cmd counts as Ctrl on a Mac; physical keys where Alt changes the character.
 * @param {KeyEvent} event
 */
export function chordOf(event, mac = isMac) {
  let key = event.key ?? "";
  if (event.altKey && event.code) {
    const plain = {
      Period: ".",
      Comma: ",",
      Semicolon: ";",
      Slash: "/",
      Equal: "=",
      Minus: "-",
      BracketLeft: "[",
      BracketRight: "]",
      Quote: "'",
      Backslash: "\\",
    }[event.code];
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

/**
 * The command of a key event: `{id}`, `{id: "customer", number}`, `{id: "field", number}` (its place), or null.
 * @param {KeyEvent} event
 * @param {boolean} commandMode
 */
export function commandOf(event, commandMode, mac = isMac) {
  if (isComposing(event)) return null;
  const chord = chordOf(event, mac);
  const letter = /^Alt\+Shift\+([A-Z])$/.exec(chord);
  if (letter) return { id: "field", number: placeOf(letter[1]) };
  const number = /^Alt\+([1-9])$/.exec(chord);
  if (number) return { id: "customer", number: Number(number[1]) };
  const direct = COMMANDS.find((command) => command.keys.includes(chord));
  if (direct) return { id: direct.id };
  if (!commandMode || event.ctrlKey || event.altKey || event.metaKey) return null;
  const single = (event.key ?? "").length === 1 ? event.key.toUpperCase() : chord;
  const byLetter = COMMANDS.find((command) => command.letters.includes(single));
  return byLetter ? { id: byLetter.id } : null;
}

/**
 * A key name as people see it on the keyboard.
 * @param {string} name
 */
export function keyCap(name, mac = isMac) {
  /** @type {Record<string, string>} */
  const caps = {
    Enter: "↵",
    ArrowUp: "↑",
    ArrowDown: "↓",
    ArrowLeft: "←",
    ArrowRight: "→",
    Shift: "⇧",
    Space: "空格",
    Ctrl: mac ? "⌘" : "Ctrl",
    Alt: mac ? "⌥" : "Alt",
  };
  return caps[name] ?? name;
}
