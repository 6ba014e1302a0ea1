import { expect } from "vitest";
import { type AdapterSubject, adapterContract } from "../../src/testing/index.ts";
import type { ApiExchange } from "../adapters/contract-stage.ts";
import type { Spec } from "./spec.ts";

/** What may differ from the description, by the line that tells of it, and why. */
export type Exceptions = Readonly<Record<string, string>>;

/** Runs an adapter through its contract, and holds every call and every answer of the simulator against the description. */
export async function examineContract(
  open: (onCall: (exchange: ApiExchange) => void) => AdapterSubject,
  spec: Spec,
  exceptions: Exceptions,
): Promise<void> {
  const calls: ApiExchange[] = [];
  // Whether the checks pass is the contract test's business.
  await Promise.allSettled(adapterContract(open((exchange) => calls.push(exchange))).map(({ run }) => run()));
  expect(calls.length).toBeGreaterThan(50);
  const found = new Set(calls.flatMap((exchange) => spec.examine(exchange)));
  expect([...found].filter((line) => !Object.hasOwn(exceptions, line)).sort()).toEqual([]);
  // An exception that nothing needs any more hides what comes next.
  expect(Object.keys(exceptions).filter((line) => !found.has(line))).toEqual([]);
}
