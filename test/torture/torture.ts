import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "../random.ts";
import { freePort } from "../servers/port.ts";
import { createAuditor } from "./audit.ts";
import { createBlows } from "./blows.ts";
import { type BotSettings, type Broken, LEASE_MS } from "./bot-settings.ts";
import { createCourier } from "./courier.ts";
import { createJudge, type Violation } from "./judge.ts";
import { talk } from "./load.ts";
import { type Node, type NodeOptions, pause, startNode } from "./node.ts";
import { planOf, type Step, showStep } from "./plan.ts";
import { openPlatforms, PUBLIC_URL } from "./platforms.ts";
import { openStorage, type StorageName } from "./storages.ts";
import { createWeather } from "./weather.ts";

export interface TortureOptions {
  readonly seed: number;
  readonly storage: StorageName;
  readonly rounds: number;
  /** How long a round's load lasts, ms. */
  readonly length: number;
  /** Conversations at a time. @default 40 */
  readonly talkers?: number;
  /** The longest that somebody waits before the next message, ms. @default 60 */
  readonly rest?: number;
  /** Milliseconds between two entries of the schedule, on average. @default 1000 */
  readonly every?: number;
  readonly broken?: Broken;
  /** The logs of a run that found something are kept. @default true */
  readonly isKept?: boolean;
  /** In place of the schedule that the seed makes. */
  readonly steps?: readonly Step[];
  /** How long a round may take to come to rest, ms. @default 25_000 */
  readonly settle?: number;
  /** Blows that are left out. */
  readonly without?: readonly string[];
  /** Says what happens. @default nothing is said */
  readonly print?: (line: string) => void;
}

/** What a run has seen. */
export interface Report {
  readonly seed: number;
  readonly storage: StorageName;
  readonly topology: string;
  readonly seconds: number;
  readonly rounds: number;
  readonly events: number;
  readonly acknowledged: number;
  readonly deliveries: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly calls: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly starts: number;
  readonly answers: number;
  readonly duplicatesDropped: number;
  readonly deadLetters: number;
  readonly inDoubt: number;
  readonly maybeTwice: number;
  readonly twice: number;
  readonly memoryMb: number;
  readonly violations: readonly Violation[];
  /** Logs of the processes; gone when all went well. */
  readonly folder: string;
}

type Post = Pick<NodeOptions, "role" | "pool">;

const serve: Post = { role: "serve", pool: undefined };
const work = (pool: string): Post => ({ role: "work", pool });
const ONE_PROCESS: readonly Post[] = [{ role: "start", pool: undefined }];
const FLEET: readonly Post[] = [serve, serve, work("default"), work("default"), work("gpu")];

/** One run of the kit: people talk to bots, everything breaks, and nothing may be lost or said twice. */
export async function torture(options: TortureOptions): Promise<Report> {
  const {
    seed,
    rounds,
    length,
    talkers = 40,
    rest = 60,
    every = 1000,
    broken,
    without = [],
    isKept = true,
    settle = 25_000,
    print = () => {},
  } = options;
  const begin = performance.now();
  const folder = mkdtempSync(join(tmpdir(), "hobnob-torture-"));
  const random = createRandom(seed);
  const weather = createWeather(random);
  const judge = createJudge(seed);
  const nodes: Node[] = [];
  const targets = () => nodes.filter(({ role }) => role !== "work");
  const courier = createCourier({ targets, weather, judge, random });
  await using life = new AsyncDisposableStack();
  life.defer(() => courier.close());
  const platforms = life.use(await openPlatforms({ courier, weather, judge, random }));
  const storage = life.use(await openStorage(options.storage, folder));
  const settings: BotSettings = {
    seed,
    url: PUBLIC_URL,
    storage: { url: storage.url },
    credentials: platforms.credentials,
    broken,
  };
  const posts = storage.isShared ? FLEET : ONE_PROCESS;
  life.defer(async () => void (await Promise.all(nodes.map((node) => node.stop()))));
  for (const [at, post] of posts.entries()) {
    const onCollapse = (name: string, how: string) => judge.blame("a process ended by itself", `${name}: ${how}`);
    const name = `${post.role}-${at + 1}`;
    nodes.push(startNode({ ...post, name, port: await freePort(), folder, settings, onCollapse }));
  }
  await Promise.all(nodes.map((node) => node.up()));
  const blows = createBlows({ nodes, storage, weather });
  const audit = createAuditor(settings, folder);
  const topology = storage.isShared ? "2 × serve, 3 × work" : "1 × start";
  print(`seed ${seed}, ${options.storage}, ${topology}; logs in ${folder}`);

  let books = await audit(0);
  for (let round = 1; round <= rounds; round++) {
    const steps =
      options.steps ??
      planOf({
        seed,
        round,
        length,
        blows: blows.known.filter((blow) => !without.includes(blow)),
        lease: LEASE_MS,
        every,
      });
    print(`round ${round} of ${rounds}: ${steps.map(showStep).join(" · ")}`);
    weather.set("everyday");
    const struck = blows.strike(steps);
    await talk({ seed, round, length, talkers, rest, platforms, judge });
    await struck;
    weather.set("calm");
    await quiet();
    books = await audit(settle);
    judge.close();
    check();
    platforms.reset();
    const { events, answers } = judge.counts;
    print(`  ${events} events, ${answers} answers, ${judge.violations.length} violations, ${memoryMb()} MB`);
    if (judge.violations.length > 0) break;
  }

  async function quiet(): Promise<void> {
    const end = performance.now() + settle;
    while ((judge.waiting() > 0 || courier.open() > 0) && performance.now() < end) await pause(50);
  }

  function check(): void {
    if (!books.ok) judge.blame("the audit does not add up", JSON.stringify(books));
    if (books.inFlight > 0) judge.blame("jobs in flight at the end", String(books.inFlight));
    if (books.dead !== judge.doomed) judge.blame("dead letters", `${books.dead} instead of ${judge.doomed}`);
    for (const [platform, count] of judge.twice) {
      const listed = books.maybeTwice.get(platform) ?? 0;
      if (count > listed)
        judge.blame("twice, and the audit does not say so", `${platform}: ${count}, listed ${listed}`);
    }
    const waiting = judge.waiting();
    if (waiting > 0) judge.blame("messages wait at the end", String(waiting));
  }

  await Promise.all(nodes.map((node) => node.stop()));
  const { violations } = judge;
  const report: Report = {
    seed,
    storage: options.storage,
    topology,
    seconds: Math.round((performance.now() - begin) / 1000),
    rounds,
    ...judge.counts,
    deliveries: courier.deliveries,
    outcomes: Object.fromEntries(courier.outcomes),
    calls: platforms.calls,
    faults: Object.fromEntries([...blows.counts, ...weather.counts]),
    starts: nodes.reduce((sum, node) => sum + node.starts, 0),
    duplicatesDropped: books.duplicates,
    deadLetters: books.dead,
    inDoubt: books.doubts,
    maybeTwice: sum(books.maybeTwice),
    twice: sum(judge.twice),
    memoryMb: memoryMb(),
    violations,
    folder,
  };
  if (violations.length === 0 || !isKept) rmSync(folder, { recursive: true, force: true });
  else {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "report.json"), JSON.stringify(report, undefined, 2));
  }
  return report;
}

const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((all, count) => all + count, 0);
const memoryMb = () => Math.round(process.memoryUsage().rss / 1e6);
