import { coldstart } from "./coldstart.ts";
import { fleet } from "./fleet.ts";
import { ingest } from "./ingest.ts";
import { flag, option } from "./options.ts";
import { queue } from "./queue.ts";
import { routing } from "./routing.ts";

// One after the other: each wants the whole machine. Ratios within a run mean something, figures of two runs do not.
const rounds = option("rounds", 5);
routing({ rounds });
await queue({ rounds, million: flag("million") });
await ingest({ rounds });
await coldstart({ rounds });
await fleet({ rounds });
