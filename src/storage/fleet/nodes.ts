import type { FleetNode, NodeInfo } from "../../core/index.ts";
import type { Batch, SessionInfo } from "./backend.ts";

/** The processes that share the storage, as this one sees them. */
export interface Nodes {
  readonly list: readonly FleetNode[];
  watch(listener: (nodes: readonly FleetNode[]) => void): void;
  /** What was read a moment ago. */
  saw(sessions: readonly SessionInfo[]): void;
  /** Sessions that have shown no beat for a lease. */
  readonly dead: Batch["reap"];
  /** The store was told that these are dead; whether they were is its own decision. */
  reaped(dead: Batch["reap"]): void;
}

/** @param length of a lease, ms */
export function createNodes(length: number, ownId: () => string): Nodes {
  // When each session's beats were first seen, on this process's own steady clock.
  const seen = new Map<string, { readonly beats: number; readonly at: number }>();
  const listeners: ((nodes: readonly FleetNode[]) => void)[] = [];
  let list: readonly FleetNode[] = [];
  let dead: { readonly id: string; readonly beats: number }[] = [];

  return {
    get list() {
      return list;
    },
    watch(listener) {
      listeners.push(listener);
      listener(list);
    },
    saw(sessions) {
      const at = performance.now();
      const living = new Set(sessions.map(({ id }) => id));
      for (const id of seen.keys()) if (!living.has(id)) seen.delete(id);
      for (const { id, beats } of sessions) {
        const before = seen.get(id);
        if (before?.beats !== beats) seen.set(id, { beats, at });
        else if (at - before.at >= length && id !== ownId()) {
          dead.push({ id, beats });
          seen.delete(id);
        }
      }
      const next = sessions.map((session) => nodeOf(session, ownId()));
      const isSame = next.length === list.length && next.every(({ id }, index) => list[index]!.id === id);
      list = next;
      if (!isSame) for (const listener of listeners) listener(list);
    },
    get dead() {
      return dead;
    },
    reaped(told) {
      dead = dead.filter((session) => !told.includes(session));
    },
  };
}

const NOBODY: NodeInfo = { role: "tool", bot: "", version: "", plugins: {}, host: "", pid: 0, startedAt: 0 };

function nodeOf({ id, info }: SessionInfo, ownId: string): FleetNode {
  try {
    // Of another version of Hobnob it may say less.
    return { ...NOBODY, ...(JSON.parse(info) as NodeInfo), id, isSelf: id === ownId };
  } catch {
    return { ...NOBODY, id, isSelf: id === ownId };
  }
}
