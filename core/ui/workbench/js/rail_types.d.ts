// The rail beside the chat: what it marks, and where.

/** Something that the rail marks: where it stands in the chat. */
export interface RailMark {
  kind: "evidence" | "doubt" | "missed" | "hit";
  /** Number of its group's colour, from 1; 0: none. */
  group: number;
  label: string;
  message: number;
  /** How far into the message's text, from 0 to 1. */
  share: number;
  /** Id of the evidence; "" where the whole message is meant. */
  id: string;
  /** Its number among the hits of the search; -1 for anything else. */
  hit: number;
}

/** A tick on the rail: the first of the marks of its kind that lie there. */
export interface RailTick extends RailMark {
  /** Pixels from the top. */
  top: number;
  /** How many more lie there. */
  more: number;
  labels: string[];
}
