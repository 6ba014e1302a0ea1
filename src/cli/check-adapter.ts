import { type Adapter, errorMessage, type Finding } from "../core/index.ts";

const LONGEST_MS = 10_000;

/** What can be checked: an adapter, or a plugin's service. */
export interface Checkable {
  readonly name: string;
  /** The environment names of what is not set. */
  readonly missing: readonly string[];
  /** Where it is told what to set. */
  readonly page?: string;
  check?(): AsyncIterable<Finding>;
}

interface CheckOptions {
  /** Milliseconds. @default 10 s */
  readonly timeout?: number;
}

/** What an adapter finds about itself, as `checkOutside` does it. */
export function checkAdapter(
  adapter: Adapter,
  { url, ...options }: CheckOptions & { readonly url: string | undefined },
): Promise<readonly Finding[]> {
  const { name, platform, missing } = adapter;
  const page = `docs/platforms/${platform}.md`;
  const check = adapter.check && (() => adapter.check!({ url, now: Date.now }));
  return checkOutside({ name, missing, page, ...(check && { check }) }, options);
}

/** What something outside tells of itself. Never rejects: a check that fails, or takes longer than `timeout`, is a finding itself. */
export async function checkOutside(
  { name, missing, page, check }: Checkable,
  { timeout = LONGEST_MS }: CheckOptions = {},
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  if (missing.length > 0) {
    const where = page === undefined ? "" : ` ${page} tells where they come from.`;
    findings.push({
      level: "error",
      subject: missing.join(", "),
      message: `Not set, so it runs in the sandbox only.${where}`,
    });
  }
  if (check === undefined) {
    if (missing.length > 0) return findings;
    return [{ level: "ok", subject: name, message: "Its credentials are set. It has no check of its own." }];
  }
  const late = Promise.withResolvers<"late">();
  const timer = setTimeout(() => late.resolve("late"), timeout);
  try {
    const found = check()[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([found.next(), late.promise]);
      if (next === "late") {
        const message = `It had no answer within ${timeout / 1000} s. Check the network, and try again.`;
        findings.push({ level: "error", subject: name, message });
        return findings;
      }
      if (next.done) return findings;
      if (!missing.includes(next.value.subject)) findings.push(next.value);
    }
  } catch (error) {
    findings.push({ level: "error", subject: name, message: `It could not be checked: ${errorMessage(error)}` });
    return findings;
  } finally {
    clearTimeout(timer);
  }
}
