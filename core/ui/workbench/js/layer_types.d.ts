// What lies over the desk: layers that own keys, lists to pick from, sentences.
import type { DiscussionTurn } from "./contract.d.ts";

/** A word that can be clicked: what it says and does. */
export interface Action {
  label: string;
  run(): void;
}

/** A line of a menu. */
export interface MenuItem extends Action {
  hint: string;
}

/** What a menu does beside its items. */
export interface MenuOptions {
  /** Act on a key before the menu does; true where it did. */
  onKey?(event: KeyboardEvent): boolean;
  onClose?(): void;
  /** What must not lie under the list. */
  clear?: HTMLElement | null;
  /** What is said to who presses a key that acts nowhere while the list is open. */
  how?: string;
}

/** How a sentence is said. */
export interface SayOptions {
  tone?: string;
  action?: Action | null;
  /** What goes on from it, such as the key that approves all the same: never cut. */
  tail?: string;
  /** 0: until the next one. */
  seconds?: number;
}

/** What lies over the desk and owns keys. */
export interface Layer<Key = KeyboardEvent> {
  name: string;
  /** Keys pressed inside this element are its own; null: all are. */
  inside: EventTarget | null;
  /** Whether text is typed in it. */
  isText: boolean;
  /** Whether keys that it does not take are the desk's. */
  isThrough: boolean;
  /** Whether it is on the page still; not said: it is. */
  isThere?(): boolean;
  /** Act on a key; true where it did, "left" where it made way for the browser. */
  onKey(event: Key): boolean | "left";
  /** What Esc does. */
  close(): void;
}

/** Since when what is on screen can be seen. */
export interface Arrival {
  /** A chat has come; asked for where somebody went to it themselves. */
  chat(isAsked: boolean): void;
  /** Something has come that stops a decision. */
  stop(): void;
  /** A list, or the box of a conflict, has come and owns the keys. */
  layer(): void;
  /** Another customer of the chat has come into the place of the one on screen. */
  customer(): void;
  /** The desk put the focus into another field of the chat: of its own accord, after a stop or an undo. */
  lead(): void;
  /** Somebody went to a field. */
  moved(): void;
  /** The focus was put into a field by the program: nobody has gone there. */
  stay(): void;
  hasMoved(): boolean;
  /** Whether the focus has only just been led away, and nobody went on from there. */
  isLed(): boolean;
  isNewChat(): boolean;
  isNewCustomer(): boolean;
  /** Whether the chat is new and nobody went to it themselves. */
  isUnasked(): boolean;
  /** Whether the chat or a stop is new. */
  isNew(): boolean;
  /** Whether what lies over the chat and owns the keys has only just come. */
  isNewLayer(): boolean;
  /** Whether the box of a conflict, or the chat, has only just come: what a click on it has to wait for. */
  isNewBox(): boolean;
  /** The box of a conflict comes on screen. */
  box(): void;
}

/** What has only just come: a chat (or what stops a decision on it), what lies over it, or what is under the mouse. */
export type Newcomer = "chat" | "layer" | "place";

/** What may act on what is on screen; each question that is answered with no is told to the reviewer. */
export interface Guard {
  /** What confirms or writes by itself: Enter, a click, a digit in command mode. */
  mayWrite(): boolean;
  /** A command of keys.js. */
  mayRun(command: string): boolean;
  /** Text that is put in: at once where somebody went to the chat, or to the field, themselves. */
  mayType(): boolean;
  /** A choice, and taking text away: once the field can be seen, whoever went to it. */
  mayChange(): boolean;
  mayDecide(): boolean;
  /** Choosing in a list, or a side in the box of a conflict. */
  mayPick(): boolean;
  /** Saving what was chosen in the box of a conflict. */
  maySettle(isClick: boolean): boolean;
  /** Taking back the last edit or decision. */
  mayUndo(isDecision: boolean): boolean;
}

/** A key, and where it was pressed. */
export interface Pressed {
  event: { key: string; ctrlKey: boolean; altKey: boolean; metaKey: boolean; shiftKey: boolean };
  /** The command that it is, in the mode that the desk is in. */
  command: string | null;
  /** Whether text is typed where it was pressed. */
  isText: boolean;
  /** Whether that is a field of the form. */
  isField: boolean;
  /** Whether digits choose there. */
  isList: boolean;
  /** All of a field is selected, as the focus found it, or it is empty. */
  isUntouched: boolean;
  /** Whether that text has several lines. */
  isLong: boolean;
  /** Whether it is, or repeats, where its key went down: in this element and this chat. */
  isHere: boolean;
  layer: Pick<Layer, "isText" | "isThrough"> | null;
}

/** The layers that are open. */
export interface LayerStack {
  open(layer: Layer): void;
  drop(name: string): boolean;
  has(name: string): boolean;
  ownerOf(path: EventTarget[]): Layer | null;
}

/** A text node with the place of its first character in the row's text. */
export interface TextPiece {
  node: Text;
  start: number;
}

/** The part of a KeyboardEvent that tells a command. */
export type KeyEvent = Pick<
  KeyboardEvent,
  "key" | "code" | "keyCode" | "isComposing" | "ctrlKey" | "altKey" | "shiftKey" | "metaKey"
>;

/** What the panel of a discussion asks for. */
export interface PanelHandlers {
  submit(): void;
  /** Resolve, or open again. */
  finish(): void;
  next(): void;
  close(): void;
  /** Something was typed. */
  type(): void;
  change(turn: DiscussionTurn): void;
  remove(turn: DiscussionTurn): void;
  restore(turn: DiscussionTurn): void;
  cancelChange(): void;
}
