import { readReply, repliesOf, type Script, scriptOf } from "./script.ts";

/** A promise that was broken, with all that is known of the message. */
export interface Violation {
  readonly rule: string;
  readonly message: string;
  readonly history: readonly string[];
}

/** Where a message was said, and where its answers belong. */
export interface Place {
  readonly platform: string;
  readonly conversation: string;
  readonly thread?: string | undefined;
  readonly canEdit: boolean;
}

/** Knows what was said, sees what is answered, and compares. */
export interface Judge {
  readonly counts: { readonly events: number; readonly acknowledged: number; readonly answers: number };
  readonly violations: readonly Violation[];
  /** Replies that stand there twice, by platform; and what is known of the last of them. */
  readonly twice: ReadonlyMap<string, number>;
  readonly lastTwice: ReadonlyMap<string, readonly string[]>;
  says(id: string, place: Place): void;
  tries(id: string, node: string): void;
  tried(id: string, node: string, outcome: string, isAcknowledged: boolean): void;
  /** The platform tries no more. */
  delivered(id: string): void;
  posted(
    platform: string,
    post: { readonly conversation: string; readonly thread: string | null; readonly text: string },
  ): void;
  edited(text: string): void;
  /** Resolves once the platform tries no more. */
  untilDelivered(id: string): Promise<void>;
  /** Messages that wait for an answer. */
  waiting(): number;
  /** Messages that became dead letters, as they should, since the beginning. */
  readonly doomed: number;
  blame(rule: string, message: string, history?: readonly string[]): void;
  /** Looks for what never came, and forgets the messages. To be called when nothing is under way any more. */
  close(): void;
}

interface Said {
  readonly id: string;
  readonly place: Place;
  readonly script: Script;
  readonly wanted: readonly string[];
  readonly seen: string[];
  /** The order of moments, across all messages. */
  firstTry: number | undefined;
  acknowledgedAt: number | undefined;
  isEdited: boolean;
  value: string | undefined;
  readonly history: [at: number, what: string][];
  readonly over: PromiseWithResolvers<void>;
}

// Of each rule: the first ones tell most.
const MOST_VIOLATIONS = 20;
const LONGEST_HISTORY = 60;

export function createJudge(seed: number): Judge {
  const begin = Date.now();
  const violations: Violation[] = [];
  const twice = new Map<string, number>();
  const lastTwice = new Map<string, readonly string[]>();
  let said = new Map<string, Said>();
  let lanes = new Map<string, Said[]>();
  let moment = 0;
  let waiting = 0;
  let doomed = 0;
  let events = 0;
  let acknowledged = 0;
  let answers = 0;

  const laneOf = ({ platform, conversation, thread = "" }: Place) => `${platform}/${conversation}/${thread}`;
  const isDone = ({ seen, wanted }: Said) => new Set(seen).size >= wanted.length;

  function note(of: Said, what: string): void {
    if (of.history.length < LONGEST_HISTORY) of.history.push([Date.now() - begin, what]);
  }

  function blame(rule: string, message: string, history: readonly string[] = []): void {
    const known = violations.filter((violation) => violation.rule === rule).length;
    if (known < MOST_VIOLATIONS) violations.push({ rule, message, history });
  }

  function historyOf(of: Said): readonly string[] {
    const { platform, conversation } = of.place;
    const wanted = `wanted: ${of.wanted.join(" ")}; script: ${JSON.stringify(of.script)}; ${platform} ${conversation}`;
    return [wanted, ...of.history.map(([at, what]) => `${(at / 1000).toFixed(3)} ${what}`)];
  }

  function blameFor(of: Said, rule: string): void {
    blame(rule, of.id, historyOf(of));
  }

  function acknowledge(of: Said): void {
    if (of.acknowledgedAt !== undefined) return;
    of.acknowledgedAt = ++moment;
    acknowledged += 1;
    if (!isDone(of)) waiting += 1;
  }

  /** What was acknowledged before this one was first delivered is answered before it. */
  function checkOrder(of: Said): void {
    for (const other of lanes.get(laneOf(of.place)) ?? []) {
      if (other === of) return;
      const isEarlier = other.acknowledgedAt !== undefined && other.acknowledgedAt < of.firstTry!;
      const missing = other.wanted.filter((name) => /^\d+$/.test(name) && !other.seen.includes(name));
      if (!isEarlier || missing.length === 0) continue;
      note(of, `answered before ${other.id}, whose replies ${missing.join(" ")} had not come`);
      blameFor(of, "order of the conversation");
      blameFor(other, "overtaken");
    }
  }

  return {
    get counts() {
      return { events, acknowledged, answers };
    },
    violations,
    twice,
    lastTwice,
    get doomed() {
      return doomed;
    },
    says(id, place) {
      events += 1;
      const script = scriptOf(seed, id);
      const of: Said = {
        id,
        place,
        script,
        wanted: repliesOf(script),
        seen: [],
        firstTry: undefined,
        acknowledgedAt: undefined,
        isEdited: false,
        value: undefined,
        history: [],
        over: Promise.withResolvers(),
      };
      said.set(id, of);
      const lane = lanes.get(laneOf(place));
      if (lane === undefined) lanes.set(laneOf(place), [of]);
      else lane.push(of);
    },
    tries(id, node) {
      const of = said.get(id);
      if (of === undefined) return;
      of.firstTry ??= ++moment;
      note(of, `→ ${node}`);
    },
    tried(id, node, outcome, isAcknowledged) {
      const of = said.get(id);
      if (of === undefined) return;
      note(of, `← ${node} ${outcome}`);
      if (isAcknowledged) acknowledge(of);
    },
    delivered(id) {
      said.get(id)?.over.resolve();
    },
    posted(platform, { conversation, thread, text }) {
      const reply = readReply(text);
      if (reply === undefined) return blame("an answer that nobody scripted", `${platform} ${conversation}: ${text}`);
      const of = said.get(reply.id);
      if (of === undefined)
        return blame("an answer to what is over or was never said", `${platform} ${conversation}: ${text}`);
      answers += 1;
      note(
        of,
        `posted #${reply.name}${reply.value === undefined ? "" : ` =${reply.value}`}${reply.by === undefined ? "" : ` by ${reply.by}`}`,
      );
      const { place } = of;
      if (
        platform !== place.platform ||
        conversation !== place.conversation ||
        (thread ?? undefined) !== place.thread
      ) {
        blameFor(of, "answered in the wrong place");
      }
      // A bot that comes back reads what it missed before the platform tells of it.
      of.firstTry ??= ++moment;
      if (!of.wanted.includes(reply.name)) return blameFor(of, "a reply that nobody asked for");
      if (of.seen.includes(reply.name)) {
        twice.set(platform, (twice.get(platform) ?? 0) + 1);
        note(of, "that is twice");
        // Where the platform can be asked, nothing may stand there twice; elsewhere the audit must know of it.
        lastTwice.set(platform, [of.id, ...historyOf(of)]);
        if (platform === "slack") blameFor(of, "answered twice");
        return;
      }
      if (of.value !== undefined && reply.value !== undefined && of.value !== reply.value) {
        blameFor(of, "ctx.once gave two values");
      }
      of.value ??= reply.value;
      if (reply.name !== of.wanted[of.seen.length]) blameFor(of, "replies of one message out of order");
      if (of.seen.length === 0) checkOrder(of);
      of.seen.push(reply.name);
      if (reply.name === "f") doomed += 1;
      if (isDone(of) && of.acknowledgedAt !== undefined) waiting -= 1;
    },
    edited(text) {
      const reply = readReply(text);
      const of = reply && said.get(reply.id);
      if (of === undefined) return;
      note(of, `edited #${reply!.name}`);
      if (!of.script.edits || reply!.name !== "0" || !reply!.isEdited) blameFor(of, "an edit that nobody asked for");
      of.isEdited = true;
    },
    untilDelivered: (id) => said.get(id)?.over.promise ?? Promise.resolve(),
    waiting: () => waiting,
    blame,
    close() {
      for (const of of said.values()) {
        const isAnswered = of.seen.length > 0;
        if (of.acknowledgedAt === undefined && of.seen.length === 0) continue;
        if (!isDone(of))
          blameFor(of, of.acknowledgedAt === undefined ? "half answered" : "acknowledged and not answered");
        else if (of.script.edits && of.place.canEdit && isAnswered && !of.isEdited) blameFor(of, "not edited");
      }
      said = new Map();
      lanes = new Map();
      waiting = 0;
    },
  };
}
