// The form pane: its fields, and what they may ask for.
import type { ChatPayload, Confirmation, FormField, FormPayload } from "./contract.d.ts";
import type { buildDoubts } from "./doubt_mode.js";
import type { Place, Value } from "./types.d.ts";

/** What the form asks for. */
export interface FormActions {
  /** Open the discussion of a field. */
  discuss(key: string): void;
  edit(key: string, value: Value, typed: boolean): void;
  /** Typed, not entered yet. */
  entering(key: string, text: string): void;
  /** What was typed counts. */
  enter(key: string, value: Value): void;
  /** Confirm and go on; `take` takes what was typed first, true where that is all. */
  advance(key: string, step: number, take?: () => boolean): void;
  focus(key: string): void;
  toggleConfirm(key: string): void;
  takeBack(key: string): void;
  accept(key: string): void;
  takeMissed(id: string): void;
  dismiss(): void;
  take(value: Value): void;
  guide(): void;
  tab(index: number): void;
  addCustomer(anchor: HTMLElement): void;
  removeCustomer(index: number): void;
  moreCustomers(anchor: HTMLElement): void;
  /** Show only doubtful fields, or all again. */
  onlyDoubts(): void;
  /** Open or close the fold of the customer on screen. */
  turnFold(): void;
}

/** A control of a field: text or choices. */
export interface FieldControl {
  input: HTMLInputElement | HTMLTextAreaElement;
  element: HTMLElement;
  draw(value: Value, chat: ChatPayload, placeholder: string): void;
  /** Take what stands in the free entry; true where there was something. */
  flush(): boolean;
  /** Choose by a digit; true where it chose something. */
  digit?(text: string): boolean;
}

/** A field's row. */
export interface FieldPart {
  field: FormField;
  row: HTMLElement;
  control: FieldControl;
  input: HTMLInputElement | HTMLTextAreaElement;
  old: HTMLButtonElement;
  fresh: HTMLButtonElement;
  differs: HTMLElement;
  talk: HTMLButtonElement;
  status: HTMLElement;
  seen: HTMLButtonElement;
  hint: HTMLElement;
  /** Number of its group's colour, from 1. */
  group: number;
}

/** What a field's row shows. */
export interface FieldLook {
  value: Value;
  chat: ChatPayload;
  customer: number;
  confirmed: Confirmation;
  hint: string;
  level: "warning" | "hint" | null;
  status: string;
  statusTitle: string;
  tone: string;
  old: string | null;
  fresh: string | null;
  folded: boolean;
  /** `≠ 2/3`, or nothing. */
  differs: string;
  /** Who gives another value, by name. */
  differing: string;
  placeholder: string;
  /** Of its discussion. */
  talk: { text: string; title: string; isOpen: boolean };
}

/** The foot of the form. */
export interface FieldFooter {
  act: FormActions;
  element: HTMLElement;
  missed: HTMLElement;
  line: HTMLElement;
  guide: HTMLElement;
  /** What was drawn last. */
  state: string;
  missedState: string;
  guideState: string;
}

/** The form pane. */
export interface FormView {
  form: FormPayload;
  act: FormActions;
  parts: Map<string, FieldPart>;
  /** Of the groups, by their names. */
  headings: Map<string, HTMLElement>;
  doubts: ReturnType<typeof buildDoubts>;
  tabs: HTMLElement;
  list: HTMLElement;
  add: HTMLButtonElement;
  more: HTMLButtonElement;
  summary: HTMLElement;
  fields: HTMLElement;
  scroll: HTMLElement;
  head: HTMLElement;
  footer: FieldFooter;
}

/** Something that is said about a field. */
export interface Remark extends Place {
  level: "warning" | "hint";
  /** Short, for the row. */
  hint: string;
  text: string;
}

/** Something that takes the first approval of a chat; `message` is where it was said, null where it is about a field. */
export interface Stop extends Place {
  text: string;
  message: number | null;
  /** Tells a stop from another one that reads alike, such as a discussion in which somebody has gone on. */
  mark?: string;
  /** Whether it is an open discussion. */
  isTalk?: boolean;
}
