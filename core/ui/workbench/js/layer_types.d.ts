// What lies over the desk: layers that own keys, lists to pick from, sentences.

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
}

/** How a sentence is said. */
export interface SayOptions {
  tone?: string;
  action?: Action | null;
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
  /** Act on a key; true where it did. */
  onKey(event: Key): boolean;
  /** What Esc does. */
  close(): void;
}

/** The layers that are open. */
export interface LayerStack {
  open(layer: Layer): void;
  drop(name: string): boolean;
  has(name: string): boolean;
  ownerOf(path: EventTarget[]): Layer | null;
}
