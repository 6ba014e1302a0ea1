import type { Conversation, Store } from "../../core/index.ts";
import { withoutThread } from "./unit.ts";

/** A conversation and its ticket. */
export interface Case {
  readonly key: string;
  readonly externalId: string;
  readonly ticket: string;
  /** Earlier tickets of the same conversation. */
  readonly past: readonly string[];
  /** Where the ticket's comments go. */
  readonly conversation: Conversation;
  /** The message that opened it. */
  readonly message: string;
  /** `closed` and `gone` are for ever: Zendesk takes no more changes. */
  readonly state: "open" | "solved" | "closed" | "gone";
  /** Everything that is said at the opening has been said. */
  readonly isGreeted: boolean;
  /** Ms since 1970. */
  readonly openedAt: number;
  /** When the staff first answered. */
  readonly repliedAt?: number | undefined;
  readonly resolvedAt?: number | undefined;
  /** How far its comments have been read: to this instant, and these of it. */
  readonly read?: { readonly at: number; readonly ids: readonly string[] } | undefined;
}

/** What the numbers are made of: a ticket's times. */
export type LedgerEntry = Pick<Case, "ticket" | "openedAt" | "repliedAt" | "resolvedAt">;

/** What the plugin remembers. */
export type Cases = ReturnType<typeof createCases>;

const KEPT_MS = 35 * 86_400_000;

export function createCases(store: Store, now: () => number) {
  /** Keeps the times of a case among those of its channel. */
  async function note({ conversation, ticket, openedAt, repliedAt, resolvedAt, state }: Case): Promise<void> {
    const place = withoutThread(conversation);
    const entry: LedgerEntry = { ticket, openedAt, repliedAt, resolvedAt };
    await store.update<Record<string, LedgerEntry>>(ledgerKey(place), (all = {}) => {
      const { [ticket]: _, ...others } = all;
      const isKept = ({ resolvedAt = now() }: LedgerEntry) => resolvedAt > now() - KEPT_MS;
      const kept = Object.fromEntries(Object.entries(others).filter(([, each]) => isKept(each)));
      return state === "gone" ? kept : { ...kept, [ticket]: entry };
    });
  }

  return {
    get: (key: string) => store.get<Case>(`case:${key}`),

    async byTicket(ticket: string): Promise<Case | undefined> {
      const key = await store.get<string>(`ticket:${ticket}`);
      const found = key === undefined ? undefined : await store.get<Case>(`case:${key}`);
      return found?.ticket === ticket ? found : undefined;
    },

    /** May be done again. */
    async open(opened: Case): Promise<Case> {
      const { key, ticket, conversation } = opened;
      await store.set(`ticket:${ticket}`, key);
      const kept = await store.update<Case>(`case:${key}`, (current) =>
        current?.ticket === ticket ? current : opened,
      );
      const place = withoutThread(conversation);
      await store.update<Record<string, Conversation>>("places", (all = {}) => ({ ...all, [ledgerKey(place)]: place }));
      await note(kept!);
      return kept!;
    },

    async change(key: string, change: Partial<Case>): Promise<void> {
      const changed = await store.update<Case>(`case:${key}`, (current) => current && { ...current, ...change });
      if (changed !== undefined && ("state" in change || "repliedAt" in change)) await note(changed);
    },

    /** Remembers that a comment is ours, and which message it carries. */
    own: (comment: string, message: string) => store.set(`own:${comment}`, message, { ttl: "90d" }),
    /** The message that this comment of ours carries. */
    owner: (comment: string) => store.get<string>(`own:${comment}`),

    async places(): Promise<readonly Conversation[]> {
      return Object.values((await store.get<Record<string, Conversation>>("places")) ?? {});
    },
    async ledger(place: Conversation): Promise<readonly LedgerEntry[]> {
      const all = await store.get<Record<string, LedgerEntry>>(ledgerKey(withoutThread(place)));
      return Object.values(all ?? {});
    },
  };
}

const ledgerKey = ({ adapter, account = "", id }: Conversation) =>
  `ledger:${[adapter, account, id].map(encodeURIComponent).join("/")}`;
