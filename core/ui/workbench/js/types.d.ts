// What the workbench keeps in the browser beside the contract (contract.d.ts).
import type { buildBottom, buildTop } from "./bars.js";
import type {
  AckPayload,
  Alternative,
  CellWarning,
  ChatPayload,
  Confirmation,
  DatasetName,
  DiscussionPayload,
  DiscussionsPayload,
  Dissent,
  EchoPayload,
  EndPayload,
  FormPayload,
  MarkPayload,
  ProgressPayload,
  RecordStatus,
  SentCustomer,
  SentRemark,
  SentSave,
  StoredCustomer,
  WhyPayload,
  WorkbenchPayload,
  WorkbenchSent,
} from "./contract.d.ts";
import type { FormActions } from "./form_types.d.ts";
import type { makeMessageList } from "./message_list.js";
import type { makeTools } from "./tools.js";

export type * from "./contract.d.ts";
export type * from "./form_types.d.ts";
export type * from "./layer_types.d.ts";
export type * from "./rail_types.d.ts";

/** A field's value: text, or several items. */
export type Value = string | string[];
/** One form: a value per field. */
export type Values = Record<string, Value>;

/** A field of a customer of the chat on screen. */
export interface Place {
  index: number;
  key: string;
}

/** A customer in work. Never changed, always replaced. */
export interface WorkCustomer {
  /** Known by it to undo and to conflicts; unique on this page. */
  uid: number | string;
  /** Where it stands in the chat as the server sent it; null where it does not. */
  source: number | null;
  origin: number | null;
  pinned: Record<string, number[]>;
  values: Values;
  confirmed: Record<string, Confirmation>;
  baseline: Values | null;
  marks: Record<string, MarkPayload>;
  /** The values that marks and warnings speak of. */
  marked: Values | null;
  /** Remarks of the checks on those values. */
  warnings: CellWarning[];
  others: Record<string, Alternative[]>;
  /** Where other runs differ so much that it means something; undefined where nobody has reckoned it. */
  dissent?: Record<string, Dissent>;
  /** What a newer run says and nobody has answered. */
  delta: Values;
}

/** A save of mine that met somebody else's. */
export interface Conflict {
  theirs: StoredCustomer[] | null;
  who: string;
  version: number;
  why: string;
  /** What I decided. */
  status: RecordStatus;
  /** What they decided. */
  decided: RecordStatus | "";
  /** Their note. */
  noted: string;
  /** The run that the sources of their customers count in; undefined: mine. */
  baseRun?: number | null;
  /** My save that settled it before it was opened again: what is saved now follows that. */
  after?: string | null;
}

/** A conflict that was settled, as it was before: what undo opens again. */
export interface Settlement {
  before: WorkCustomer[];
  after: WorkCustomer[];
  note: string;
  conflict: Conflict;
  agreed: Known[] | null;
  agreedNote: string | null;
  version: number;
}

/** Text in a free entry that was not entered yet. */
export interface Typing {
  uid: number | string;
  key: string;
  text: string;
}

/** A chat in work: the reviewer's customers over what the server sent. */
export interface Entry {
  chat: ChatPayload;
  work: WorkCustomer[];
  /** The work that is saved or on its way; null after a bad answer. */
  clean: WorkCustomer[] | null;
  /** What this browser and the server last had in common; null where an older page's journal did not say. */
  agreed: Known[] | null;
  /** The note that both had then. */
  agreedNote: string | null;
  version: number;
  /** The run that the customers' origins count in; undefined where the server did not say. */
  baseRun?: number | null;
  status: RecordStatus;
  note: string;
  lastSave: string | null;
  undo: WorkCustomer[][];
  redo: WorkCustomer[][];
  undoTag: string;
  undoTime: number;
  /** Discussions of the chat and its fields; undefined before they came. */
  discussions?: DiscussionPayload[];
  /** What was said in them on this page and has no answer yet. */
  said?: SentRemark[];
  /** Fields that nobody saw before the decision that is being saved. */
  folded?: string[];
  /** A note of a discussion that was typed and not handed in. */
  unsentNote?: string;
  /** What somebody else changed while the chat was on screen: it stops an approval, too. */
  news?: News | null;
  /** The stops that were shown: each takes one approval. */
  shown: string[];
  conflict: Conflict | null;
  settlement: Settlement | null;
  rejected: string;
  /** Of work, since the last save. */
  seconds: number;
  /** Which part of them at each field. */
  fieldSeconds: Record<string, number>;
  restored: boolean;
  typing: Typing | null;
  /** The decision that can be taken back; any edit after it ends that. */
  decided: { before: WorkCustomer[]; status: RecordStatus; note: string; settled: Settled | null } | null;
  /** The decision that was taken back and can be made again; any edit after it ends that. */
  undone: { before: WorkCustomer[]; after: WorkCustomer[]; status: RecordStatus; note: string; shown: string[] } | null;
  /** The work of each save under way. */
  sent?: Record<string, Known[]>;
  /** What was missed and waved away. */
  dismissed?: Set<string>;
  /** What the chat was before anything was edited that is only a draft; null where a draft is all that is known. */
  settled: Settled | null;
}

/** What changed under the eyes of the reviewer, and where. */
export interface News extends Place {
  text: string;
}

/** A chat as it was decided, or as it was before anybody had touched it. */
export interface Settled {
  work: WorkCustomer[];
  status: RecordStatus;
  note: string;
}

/** What is remembered of a customer to tell later who changed what. */
export type Known = Pick<WorkCustomer, "uid" | "values">;

/** The same in the journal: `at` is where it stands among the kept customers, -1 where it does not any more. */
export interface KeptKnown {
  at: number;
  values: Values;
}

/** What a kept chat and the server had in common (null: not known), and what is common once a save under way is answered. */
export interface KeptAgreed {
  customers: KeptKnown[] | null;
  note: string | null;
  sent: Record<string, KeptKnown[]>;
}

/** A save under way; `sent` is when, in milliseconds. It and `agreed` stay in the browser. */
export interface PendingSave extends SentSave {
  sent: number;
  /** Missing in the journals of older pages. */
  agreed?: KeptAgreed;
}

/** Edits of a chat that no save holds yet, as the journal keeps them. */
export interface Draft {
  chat: number;
  record_id: number;
  base_version: number;
  base_run_id?: number | null;
  after_save_id: string | null;
  customers: SentCustomer[];
  /** Missing in the journals of older pages. */
  form?: string;
  note: string;
  made: number;
  /** Missing in the journals of older pages. */
  agreed?: KeptAgreed;
}

/** The same in the journal. */
export interface KeptDraft extends Draft {
  /** Id of the page on which it was made; "" where that is not known. */
  page: string;
  /** Whether that page is gone. */
  isLeft?: boolean;
}

/** A line to all other pages of this browser. */
export type PageChannel = Pick<BroadcastChannel, "postMessage" | "onmessage">;

/** The pages of this browser that are open. */
export interface OpenPages {
  /** This page. */
  id: string;
  /** Which of these are open; it takes a second. */
  openOf(ids: string[]): Promise<Set<string>>;
}

/** Everything that is known; state.js changes it. */
export interface Store {
  session: string | null;
  form: FormPayload;
  reviewer: string;
  /** The kind of review. */
  review: string;
  dataset: DatasetName;
  error: string;
  offline: boolean;
  guidelines: Record<string, string>;
  /** What was last said about a cell. */
  why: WhyPayload | null;
  /** The cell that the server was asked about last. */
  whyAsked: number[];
  progress: ProgressPayload;
  /** What the card at the end of the queue shows; null while the server did not say. */
  end: EndPayload | null;
  /** Chats like those that were just corrected for the third time; null while there are none to offer. */
  echo: EchoPayload | null;
  /** The chats of an echo that are walked through; null outside. */
  walk: Walk | null;
  /** The run that the review starts from; undefined where the server does not say. */
  baseRun?: number | null;
  entries: Map<number, Entry>;
  /** Time of work on chats that were let go, until they come again. */
  timeSpent: Map<number, Pick<Entry, "seconds" | "fieldSeconds">>;
  outbox: PendingSave[];
  /** Bad answers to saves of chats that are not loaded any more. */
  orphans: Map<number, { save: PendingSave; ack: AckPayload }>;
  /** The chat on screen. */
  current: number | null;
  waiting: "next" | "end" | null;
  visited: number[];
  queue: number[];
  queueAt: number | null;
  opened: number | null;
  reported: Set<number>;
  decided: Set<number>;
}

/** What the screen has to know after a payload. */
export interface Effects {
  reset: boolean;
  /** Whether the desk is another dataset's, person's or kind of review now: what was said and decided before is not its. */
  otherDesk: boolean;
  moved: boolean;
  /** Chats whose values changed. */
  replaced: number[];
  /** Chats that took marks and parts only. */
  merged: number[];
  /** Ids of saves that were answered. */
  settled: string[];
  /** Chats without anything left to save. */
  cleaned: number[];
  /** Chats that came without their texts though they are not here. */
  textless: number[];
}

/** A line of the conflict banner. */
export interface ConflictRow {
  id: string;
  index: number;
  key: string | null;
  label: string;
  mine: string;
  theirs: string;
  /** Only they changed it: theirs is the better default. */
  untouched?: boolean;
  /** Nobody can tell who changed it: it has to be chosen. */
  unknown?: boolean;
}

/** A highlight in a pane. */
export interface PaneMark {
  element: HTMLElement;
  ids: string[];
  message: number;
  isName?: boolean;
}

/** The pane of one chat. */
export interface Pane {
  chat: number;
  element: HTMLElement;
  list: ReturnType<typeof makeMessageList>;
  headline: HTMLElement;
  counts: HTMLElement;
  narrowSwitch: HTMLButtonElement;
  residue: HTMLElement;
  residueNote: HTMLElement;
  residueSwitch: HTMLButtonElement;
  residueText: HTMLElement;
  /** Of the rows that are there. */
  marks: PaneMark[];
  /** The messages that hold each piece of evidence. */
  evidence: Map<string, number[]>;
  /** How the evidence was coloured last. */
  groupOf(id: string): number;
  /** Where the searched words stand. */
  hits: Hit[];
  /** The one of them that we are at; -1 for none. */
  hitNow: number;
  /** What of them is shown. */
  hitRows: HTMLElement[];
  hasHits: boolean;
  lit: HTMLElement[];
  cursorRow: HTMLElement | null;
  /** What was painted and narrowed last. */
  painted: string | null;
  narrowState: string | null;
  shown: boolean;
}

/** What a pane asks for. */
export interface PaneHandlers {
  formNow(): FormPayload;
  onMark(ids: string[]): void;
  onResidue(chat: number): void;
  onMessage(message: number): void;
  onNarrow(): void;
  /** Rows have come, so that others lie elsewhere. */
  onRows(): void;
}

/** Where searched words stand in a message's text; nowhere in it (`end` is 0) where the speaker's name holds them. */
export interface Hit {
  message: number;
  start: number;
  end: number;
}

export type TopBar = ReturnType<typeof buildTop>;
export type BottomBar = ReturnType<typeof buildBottom>;
export type Tools = ReturnType<typeof makeTools>;

/** Sets one part of the component's state. */
export type Emit = <K extends keyof WorkbenchSent>(name: K, value: WorkbenchSent[K]) => void;

/** What Streamlit hands to the component with every run. */
export interface Component {
  name: string;
  data: WorkbenchPayload | null;
  parentElement: HTMLElement | ShadowRoot;
  setStateValue: Emit;
}

/** Everything that can be asked of the workbench; commands.js fills it in before anything can be clicked. */
/** A walk through the chats of an echo: `left` and `held` as the server says, `home` the chat where it began. */
export interface Walk {
  key: string;
  was: Value;
  now: Value;
  chats: number[];
  left: number[];
  held: number[];
  home: number | null;
}

export interface Calls {
  drawEcho(): void;
  /** Run a command of keys.js. */
  run(id: string, number?: number, isRepeat?: boolean): void;
  digit(number: number): void;
  /** A discussion's note was written; null: given up. */
  discussWith(note: string | null): void;
  openChat(chat: number): void;
  /** Settle a conflict: rows in `taken` become theirs. */
  settle(taken: Set<string>, isClick: boolean): void;
  wantResidue(chat: number): void;
  /** Search: `by` 0 starts anew, 1 and -1 go on and back. */
  find(text: string, by: number): void;
  focusEvidence(ids: string[]): void;
  setCursor(message: number | null): HTMLElement | null | undefined;
  addFound(values: Values): void;
  /** Tab at the end of a customer whose fields are folded: on to another one; whether it went there. */
  cross(step: number): boolean;
  /** Draw the panel of a discussion anew. */
  drawDiscussion(): void;
  /** Take what came of discussions. */
  takeDiscussions(data: DiscussionsPayload | undefined): void;
  /** Words are picked in the chat: say again where they would go. */
  sayPickedAgain(): void;
  actions: FormActions;
}

/** What goes into an element: text or nodes; null and undefined are left out. */
export type Child = Node | string | null | undefined | Child[];

/** What is handed to a new save. */
export interface SaveOptions {
  id: string;
  status: RecordStatus;
  /** undefined: the chat's note stays. */
  note?: string;
  reviewer: string;
  review: string;
  now: number;
  reason?: string;
  undo?: boolean;
}

/** The part of localStorage that is used. */
export type BrowserStorage = Pick<Storage, "length" | "key" | "getItem" | "setItem" | "removeItem">;

/** What the sync needs from outside, so that node can test it. */
export interface SyncOptions {
  emit: Emit;
  storage: BrowserStorage;
  /** Milliseconds now. */
  clock(): number;
  makeId(): string;
  /** The save state may have changed by itself. */
  onChange(): void;
  /** Run something once the screen shows what was drawn last; returns what calls it off. */
  whenPainted?(run: () => void): () => void;
  /** The pages of this browser; without them there is this one. */
  pages?: OpenPages;
  /** Another page's drafts are to be gone on with: what the server said last has to be taken once more. */
  onLeft?(): void;
}
