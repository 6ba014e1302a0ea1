import { type Adapter, errorMessage, type Finding } from "../core/index.ts";

const LONGEST_MS = 10_000;

/** What an adapter finds about itself. Never rejects: a check that fails, or takes longer than `timeout` ms, is a finding itself. */
export async function checkAdapter(
  adapter: Adapter,
  { url, timeout = LONGEST_MS }: { readonly url: string | undefined; readonly timeout?: number },
): Promise<readonly Finding[]> {
  const { name, platform, missing } = adapter;
  const findings: Finding[] = [];
  if (missing.length > 0) {
    const message = `Not set, so it runs in the sandbox only. docs/platforms/${platform}.md tells where they come from.`;
    findings.push({ level: "error", subject: missing.join(", "), message });
  }
  if (adapter.check === undefined) {
    if (missing.length > 0) return findings;
    return [{ level: "ok", subject: name, message: "Its credentials are set. It has no check of its own." }];
  }
  const late = Promise.withResolvers<"late">();
  const timer = setTimeout(() => late.resolve("late"), timeout);
  try {
    const found = adapter.check({ url, now: Date.now })[Symbol.asyncIterator]();
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
