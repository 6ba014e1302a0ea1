import { type Node, pause } from "./node.ts";
import type { Blow, Step } from "./plan.ts";
import type { TorturedStorage } from "./storages.ts";
import type { Trouble, Weather } from "./weather.ts";

/** Carries out the schedule of a round. */
export interface Blows {
  /** How often each kind was done. */
  readonly counts: ReadonlyMap<Blow, number>;
  /** Those that can be done here. */
  readonly known: readonly Blow[];
  /** Begins to strike; resolves when all of it is over and everything runs again. */
  strike(steps: readonly Step[]): Promise<void>;
}

export function createBlows(parts: {
  readonly nodes: readonly Node[];
  readonly storage: TorturedStorage;
  readonly weather: Weather;
}): Blows {
  const { nodes, storage, weather } = parts;
  const counts = new Map<Blow, number>();
  const busy = new Set<Node>();
  let isStorageBusy = false;

  const acts: Readonly<Record<Blow, ((step: Step) => Promise<unknown>) | undefined>> = {
    kill: (step) => to(step, (node) => node.kill()),
    restart: (step) => to(step, (node) => node.restart()),
    freeze: (step) => to(step, (node) => node.freeze(step.ms)),
    clock: (step) =>
      to(step, async (node) => {
        node.setClock(step.amount * 1000);
        await pause(step.ms);
        node.setClock(0);
      }),
    "disk full": fullOf(),
    "storage killed": storage.kill && (({ ms }) => toStorage(() => storage.kill!(ms))),
    "storage restarted": storage.restart && (() => toStorage(() => storage.restart!())),
    "storage frozen": storage.freeze && (({ ms }) => toStorage(() => storage.freeze!(ms))),
  };

  function fullOf() {
    if (storage.fill !== undefined) return ({ ms }: Step) => toStorage(() => storage.fill!(ms));
    if (storage.full === undefined) return undefined;
    return (step: Step) =>
      to(step, async (node) => {
        await node.restart(storage.full!());
        await pause(step.ms);
        await node.restart();
      });
  }

  /** The node of the step, or the next one that nothing happens to. */
  async function to({ node: at }: Step, act: (node: Node) => Promise<unknown>): Promise<boolean> {
    const node = nodes.map((_, plus) => nodes[(at + plus) % nodes.length]!).find((each) => !busy.has(each));
    if (node === undefined) return false;
    busy.add(node);
    await act(node);
    busy.delete(node);
    return true;
  }

  async function toStorage(act: () => Promise<void>): Promise<boolean> {
    if (isStorageBusy) return false;
    isStorageBusy = true;
    await act();
    isStorageBusy = false;
    return true;
  }

  async function carryOut(step: Step): Promise<void> {
    await pause(step.at);
    if (!(step.what in acts)) {
      const end = weather.worsen(step.what as Trouble, step.amount / 100);
      await pause(step.ms);
      return end();
    }
    const blow = step.what as Blow;
    const done = await acts[blow]?.(step);
    if (done !== false) counts.set(blow, (counts.get(blow) ?? 0) + 1);
  }

  return {
    counts,
    known: (Object.keys(acts) as Blow[]).filter((blow) => acts[blow] !== undefined),
    async strike(steps) {
      await Promise.all(steps.map(carryOut));
      await Promise.all(nodes.map((node) => node.up()));
    },
  };
}
