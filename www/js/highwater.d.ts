/** Highwater for pages that embed it: `window.highwater` of the page, and `embed` of highwater.js. */

/** A broker's, a client's or ZooKeeper's process. */
export type ProcessState = "down" | "starting" | "running" | "stopping" | "paused" | "dead" | "stopped";

/** The cluster as it stands. */
export interface View {
  /** World time. */
  seconds: number;
  /** The farthest moment that is known: the time bar's end. */
  end: number;
  playing: boolean;
  /** What the browser has of it: only `"all"` promises that closing the page loses nothing. */
  saved: "opening" | "all" | "saving" | "nothing" | "read-only";
  /** Id of the broker that is the controller. */
  controller: number | null;
  brokers: { id: number; state: ProcessState; leads: number }[];
  topics: { name: string; partitions: Partition[] }[];
  producers: { name: string; state: ProcessState; topic: string; sent: number; acked: number; failed: number }[];
  consumers: { name: string; state: ProcessState; follows: string; group: string | null; received: number }[];
  groups: {
    id: string;
    state: string | null;
    generation: number;
    coordinator: number | null;
    members: { name: string; owned: string[] }[];
  }[];
}

export interface Partition {
  partition: number;
  leader: number | null;
  leaderEpoch: number;
  isr: number[];
  highWatermark: number;
  replicas: {
    broker: number;
    role: "leader" | "follower" | "offline";
    logStartOffset: number;
    logEndOffset: number;
  }[];
}

/** A fact of the world. */
export interface WorldEvent {
  /** Its number in the world, from 0 without gaps. */
  id: number;
  seconds: number;
  /** The engine's name of it, as scenarios write it: `LeaderElected`. */
  kind: string;
  /** The host on which it happened. */
  node: string | null;
  /** Number of the event that brought it about. */
  cause: number | null;
  /** What this kind of event has beside, under the engine's names. */
  detail: Record<string, unknown>;
}

/** A record in a replica's log; key and value as text. */
export interface LogRecord {
  offset: number;
  leaderEpoch: number;
  /** Milliseconds since 1970. */
  timestamp: number;
  key: string | null;
  value: string | null;
}

export interface Moment {
  seconds: number;
}

export interface Highwater {
  /**
   * Opens a link (a whole address or what stands behind its `#`), a scenario's text, or what
   * `kafka-topics --describe` prints. Kept once its first moment is shown; rejected with what was wrong,
   * and then nothing has changed.
   */
  load(link: string): Promise<void>;
  /**
   * Does something to the world now: lines of scenario language without their times, such as `kill b1`,
   * or a command as the engine has it (`{ Kill: { node: { Broker: 1 } } }`). Rejected when it is refused.
   */
  apply(command: string | object): Promise<void>;
  /** Goes to a moment, before or after now: seconds, or as scenarios write it (`"12.5s"`). */
  seek(moment: number | string): Promise<void>;
  /** Lets time pass; `false` stops it, and a number is the speed: 1 is real time, 0.01 a hundredth. */
  play(how?: boolean | number): Promise<void>;
  /** The cluster as it stands. */
  view(): View;
  /** What stands behind the `#` of an address that shows this moment. */
  link(): string;
  /** Records of a replica, from an offset on; `null` when there is no such partition name. */
  records(broker: number, partition: string, from: number, most: number): LogRecord[] | null;
  /**
   * Calls a function for each event of this kind, or of any kind with `"event"`, as it happens or is
   * played again. Between two frames at most the newest 20,000 are told.
   *
   * @returns a function after which it is called no more
   * @throws when there is no such kind
   */
  on(kind: "event" | (string & {}), heard: (event: WorldEvent) => void): () => void;
  /** Calls a function when the world has another state to show, at most once a frame. */
  on(kind: "change", heard: (moment: Moment) => void): () => void;
  /** Calls a function when the world was brought to another moment or became another one. */
  on(kind: "moved", heard: (moment: Moment) => void): () => void;
}

export interface EmbedOptions {
  /** Where the page is; the folder of highwater.js when nothing is said. */
  src?: string;
  /** What to open: what stands behind the `#` of a link. */
  link?: string;
  lang?: "en" | "zh";
  theme?: "light" | "dark";
  /** Shows the whole page instead of the stage and the time bar. */
  whole?: boolean;
}

/** Puts Highwater into an element of a page of the same origin; kept once it is there. */
export function embed(element: Element, options?: EmbedOptions): Promise<Highwater>;

declare global {
  interface Window {
    /** There from the event `highwater` of the window on. */
    highwater?: Highwater;
  }
}
