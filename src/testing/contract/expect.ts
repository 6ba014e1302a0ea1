import { isDeepStrictEqual } from "node:util";

/** Fails a check with a sentence. */
export function ensure(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new Error(sentence);
}

/** Fails a check unless both are the same. */
export function ensureSame(actual: unknown, expected: unknown, what: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`${what} is ${shown(actual)}; it should be ${shown(expected)}.`);
}

/** Where a value lacks what is expected of it; fields that are not expected may be anything. Undefined when it lacks nothing. */
export function difference(actual: unknown, expected: unknown, path = ""): string | undefined {
  if (typeof expected !== "object" || expected === null || Array.isArray(expected)) {
    if (isDeepStrictEqual(actual, expected)) return undefined;
    return `\`${path}\` is ${shown(actual)} and should be ${shown(expected)}`;
  }
  for (const [key, value] of Object.entries(expected)) {
    const found = difference(
      (actual as Record<string, unknown> | undefined)?.[key],
      value,
      path ? `${path}.${key}` : key,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Waits until it is so. @throws Error with the sentence after ten seconds */
export async function until(isSo: () => boolean | Promise<boolean>, sentence: () => string): Promise<void> {
  const end = performance.now() + LONGEST_WAIT_MS;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(sentence());
    await pause(5);
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A value, short enough for a sentence. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}

const LONGEST_WAIT_MS = 10_000;
