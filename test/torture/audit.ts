import { join } from "node:path";
import { launch, launcher } from "../cli/stage.ts";
import type { BotSettings } from "./bot-settings.ts";
import { pause } from "./node.ts";

interface Audit {
  readonly ok: boolean;
  readonly totals: {
    readonly inFlight: number;
    readonly dead: number;
    readonly duplicates: number;
    readonly received: number;
  };
  readonly doubts: readonly {
    readonly at: number;
    readonly job: string;
    readonly step: string;
    readonly adapter: string;
    readonly outcome: string;
  }[];
}

/** What `hobnob audit` says, and the posts in doubt since the beginning. */
export interface Books {
  readonly duplicates: number;
  readonly dead: number;
  readonly inFlight: number;
  readonly ok: boolean;
  /** Posts that were looked up before they were sent again. */
  readonly doubts: number;
  /** By platform: sent again although nobody could say whether the first had come. */
  readonly maybeTwice: ReadonlyMap<string, number>;
}

const CONFIG = join(import.meta.dirname, "bot.config.ts");

export function createAuditor(settings: BotSettings, folder: string) {
  let known = new Set<string>();
  let doubts = 0;
  const maybeTwice = new Map<string, number>();

  async function ask(): Promise<Audit> {
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, TORTURE: JSON.stringify(settings), HOBNOB_LOG_LEVEL: "silent" };
    const { stdout, stderr } = await launch([launcher, "audit", "--json", "--config", CONFIG], folder, env).ended;
    if (!stdout.startsWith("{")) throw new Error(`hobnob audit says no JSON: ${stdout}${stderr}`);
    return JSON.parse(stdout) as Audit;
  }

  /** Asks until nothing is in flight any more, for at most so many ms. */
  return async function audit(within: number): Promise<Books> {
    const end = Date.now() + within;
    let found = await ask();
    while (found.totals.inFlight > 0 && Date.now() < end) {
      await pause(300);
      found = await ask();
    }
    // The list holds the newest; what was in it last time is counted already.
    const keyed = new Map(found.doubts.map((doubt) => [`${doubt.job}/${doubt.step}/${doubt.at}`, doubt]));
    for (const [key, { adapter, outcome }] of keyed) {
      if (known.has(key)) continue;
      doubts += 1;
      if (outcome === "sent again") maybeTwice.set(adapter, (maybeTwice.get(adapter) ?? 0) + 1);
    }
    known = new Set(keyed.keys());
    const { ok, totals } = found;
    return { ok, ...totals, doubts, maybeTwice };
  };
}
