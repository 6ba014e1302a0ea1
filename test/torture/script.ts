import { createHash } from "node:crypto";

/** What one message asks of the bot. It follows from the seed and the message's name alone, so that a replay asks the same. */
export interface Script {
  /** How long the handler thinks first, ms. */
  readonly delay: number;
  /** How many replies the handler makes. */
  readonly replies: number;
  /** In how many first attempts the handler throws, and after how many of its replies. */
  readonly failures: number;
  readonly failsAfter: number;
  /** The first reply is edited, where the platform can. */
  readonly edits: boolean;
  /** Every reply carries a value that `ctx.once` made. */
  readonly once: boolean;
  /** A further reply comes from a deferred job, after so many ms; undefined for none. */
  readonly defers: number | undefined;
  /** It fails for good after its first reply: a dead letter, of which the person is told. */
  readonly dooms: boolean;
}

/** The names of a message's replies in the order in which they must come: `0`, `1`, … of the handler, then `d` or `f`. */
export function repliesOf({ replies, defers, dooms }: Script): readonly string[] {
  if (dooms) return ["0", "f"];
  const direct = Array.from({ length: replies }, (_, at) => String(at));
  return defers === undefined ? direct : [...direct, "d"];
}

export function scriptOf(seed: number, id: string): Script {
  const bytes = createHash("sha1").update(`${seed}/${id}`).digest();
  const share = (at: number) => bytes.readUInt16BE(at * 2) / 65_536;
  const replies = share(0) < 0.8 ? 1 : share(0) < 0.95 ? 2 : 3;
  const failures = share(1) < 0.95 ? 0 : share(1) < 0.985 ? 1 : 2;
  const dooms = share(2) < 0.001;
  return {
    delay: share(3) < 0.85 ? 0 : Math.floor(share(4) * 200),
    replies,
    failures,
    failsAfter: Math.floor(share(5) * (replies + 1)),
    edits: share(6) < 0.05,
    once: share(7) < 0.1,
    defers: share(8) < 0.95 ? undefined : share(9) < 0.5 ? 0 : Math.floor(share(9) * 600),
    dooms,
  };
}

/** What a person says. */
export function askText(id: string): string {
  return `torture ${id}`;
}

/** What the bot answers. `by` tells who speaks, where a post is found again by more than its text. */
export function replyText(id: string, name: string, value?: string, by?: string): string {
  return `re ${id} #${name}${value === undefined ? "" : ` =${value}`}${by === undefined ? "" : ` by ${by}`}`;
}

export const ASK: RegExp = /^torture (\S+)$/;
export const EDITED = " (edited)";

/** What a reply says of itself; undefined for a text that is no reply of ours. */
export function readReply(text: string) {
  const match = /^re (\S+) #(\w+)(?: =(\S+))?(?: by ([^(]+?))?( \(edited\))?$/.exec(text.trim());
  if (match === null) return undefined;
  const [, id, name, value, by, edited] = match;
  return { id: id!, name: name!, value, by, isEdited: edited !== undefined };
}
