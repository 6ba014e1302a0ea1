import { hostname } from "node:os";
import { setTimeout } from "node:timers/promises";
import {
  type Clock,
  describeNode,
  errorCode,
  type FleetNode,
  HobnobError,
  type Log,
  type Storage,
  type StoredRecord,
  systemClock,
} from "../core/index.ts";
import { type Command, parseOptions, seeHelp, type Terminal, UsageError } from "./command.ts";
import { type Counts, compare, NAMES, noCounts } from "./compare.ts";
import { loadEnv } from "./config-file.ts";
import { createLog } from "./log.ts";
import { absentFile, fileOf, storageFromUrl } from "./storage-url.ts";

export const migrate: Command = {
  help: `Moves everything a storage holds to another: jobs, dead letters, dedupe records, state, the ledger.

Usage: hobnob migrate --from URL --to URL [--json]

Stop the bot first: while one runs on either side, nothing is moved. The target must be empty. The source stays as it is.
A move that broke off goes on where it stopped when it is called again; no bot starts on a half of the data. At the end
both sides are read back and compared.

Options:
  --from URL   Where the data is: sqlite:<file>, postgres://… or redis://…, as HOBNOB_STORAGE has it.
  --to URL     Where it is to be.
  --json       No progress, and the result as one JSON object: ok, from, to, moved, differences.

Exit codes: 0 all is there, and the same; 1 it is not, and the message says why; 2 wrong usage.

Example: hobnob migrate --from sqlite:data/hobnob.db --to postgres://hobnob:password@localhost/hobnob
`,
  async run({ args, env, print }) {
    const { values } = parseOptions("migrate", args, {
      ...{ from: { type: "string" }, to: { type: "string" }, json: { type: "boolean" } },
    });
    const { from, to, json = false } = values;
    if (!from || !to) throw new UsageError(`\`${from ? "--to" : "--from"}\` is missing. ${seeHelp("migrate")}`);
    loadEnv();
    const log = createLog(env.HOBNOB_LOG_LEVEL);
    const [source, target] = [await storageFromUrl("--from", from), await storageFromUrl("--to", to)];
    const say = json ? () => {} : print;
    const { differences, moved } = await move(source, target, { log, say });
    const isSame = differences.length === 0;
    if (json) {
      print(JSON.stringify({ ok: isSame, from: source.name, to: target.name, moved, differences }, undefined, 2));
    } else if (isSame) {
      print(`ok: ${target.name} holds all that ${source.name} does`);
      print(
        `Set HOBNOB_STORAGE=${target.name} (with its password, if it has one), and keep ${source.name} until the bot has run.`,
      );
    } else {
      for (const difference of differences) print(`differs: ${difference}`);
      print(`${target.name} is not the same as ${source.name}. Do not start a bot on it; delete it and move again.`);
    }
    return isSame ? 0 : 1;
  },
};

interface MoveOptions {
  readonly log: Log;
  readonly say: Terminal["print"];
}

interface Moved {
  readonly moved: Counts;
  readonly differences: readonly string[];
}

// Nothing is swept meanwhile: a record that went from one side only would look lost.
const STILL: Clock = { ...systemClock, after: () => () => {} };

async function move(source: Storage, target: Storage, { log, say }: MoveOptions): Promise<Moved> {
  if (source.name === target.name || (fileOf(source) ?? 0) === fileOf(target)) throw sameStorage(source);
  const absent = absentFile(source);
  if (absent !== undefined) {
    throw new HobnobError("MIGRATE_SOURCE", `There is no ${absent} to move. Check what follows --from.`);
  }
  // Without a role it is refused when it is a part of another move.
  await source.open({ clock: STILL, log });
  try {
    await assertAlone(source, say);
    await target.open({ clock: STILL, log, node: describeNode({ role: "tool", bot: "" }) });
    try {
      const own = source.fleet?.nodes().find(({ isSelf }) => isSelf);
      if (target.fleet?.nodes().some(({ id }) => id === own?.id)) throw sameStorage(source);
      await assertAlone(target, say);
      return await moveAll(source, target, say);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function moveAll(source: Storage, target: Storage, say: Terminal["print"]): Promise<Moved> {
  const wasThere = target.instance === source.instance;
  const moved = noCounts();
  try {
    await copy(source, target, moved, say);
  } catch (error) {
    if (errorCode(error) !== "STORAGE_NOT_EMPTY" || !wasThere) throw error;
    // All had come before: the call that said so was not heard.
    const progress = createProgress(say);
    const differences = await compare(source, target, () => progress(() => "comparing with what was moved before"));
    if (differences.length > 0) throw error;
    return { moved, differences };
  }
  let read = 0;
  const progress = createProgress(say);
  const differences = await compare(source, target, () => {
    read += 1;
    progress(() => `comparing: ${read} records read back`);
  });
  await assertAlone(source, say);
  await assertAlone(target, say);
  if (differences.length === 0) await target.load([]);
  return { moved, differences };
}

const MOST_RECORDS = 500;
const MOST_CHARACTERS = 2_000_000;

async function copy(source: Storage, target: Storage, moved: Counts, say: Terminal["print"]): Promise<void> {
  const progress = createProgress(say);
  let batch: StoredRecord[] = [];
  let size = 0;
  async function flush() {
    await target.load(batch);
    for (const { kind } of batch) if (kind !== "data") moved[kind] += 1;
    batch = [];
    size = 0;
    progress(() => `moved: ${render(moved)}`);
  }
  for await (const record of source.dump()) {
    // A source that was named wrongly, and made by being looked at, has nothing else.
    if (record.kind !== "data" && batch.length === 1 && batch[0]!.kind === "data") await flush();
    batch.push(record);
    size += sizeOf(record);
    if (batch.length >= MOST_RECORDS || size >= MOST_CHARACTERS) await flush();
  }
  if (batch[0]?.kind === "data") {
    throw new HobnobError("MIGRATE_SOURCE", `${source.name} holds nothing to move. Check what follows --from.`);
  }
  if (batch.length > 0) await flush();
  say(`moved: ${render(moved)}`);
}

function sizeOf(record: StoredRecord): number {
  if (record.kind === "value") return record.value.length;
  if (record.kind !== "job" && record.kind !== "dead") return 100;
  return record.steps.reduce((sum, [, value]) => sum + value.length, record.payload.length + 500);
}

function render(counts: Counts): string {
  return (Object.keys(counts) as (keyof Counts)[]).map((kind) => `${counts[kind]} ${NAMES[kind]}`).join(", ");
}

const PROGRESS_MS = 1_000;

function createProgress(say: Terminal["print"]): (line: () => string) => void {
  let next = performance.now() + PROGRESS_MS;
  return (line) => {
    if (performance.now() < next) return;
    next = performance.now() + PROGRESS_MS;
    say(line());
  };
}

// A killed process is noticed when it has been silent for a lease; usually that is 5 s.
const PATIENCE_MS = 15_000;
const LOOK_MS = 100;

/** @throws HobnobError `MIGRATE_RUNNING` while a bot runs on the storage */
async function assertAlone(storage: Storage, say: Terminal["print"]): Promise<void> {
  const { fleet } = storage;
  if (fleet === undefined) return;
  const others = () => fleet.nodes().filter(({ isSelf, role }) => !isSelf && role !== "tool");
  const giveUp = performance.now() + PATIENCE_MS;
  for (let isFirst = true; others().length > 0; isFirst = false) {
    const names = others().map(describe).join(", ");
    if (others().some(isAlive) || performance.now() > giveUp) {
      throw new HobnobError(
        "MIGRATE_RUNNING",
        `A bot runs on ${storage.name}: ${names}. Stop it; one that was killed is gone when its lease is over.`,
      );
    }
    if (isFirst) say(`waiting to see whether ${names} has ended`);
    await setTimeout(LOOK_MS);
  }
}

const describe = ({ role, host, pid }: FleetNode) => `${role} on ${host}, process ${pid}`;

function isAlive({ host, pid }: FleetNode): boolean {
  if (host !== hostname()) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

const sameStorage = ({ name }: Storage) =>
  new HobnobError("MIGRATE_SAME", `--from and --to are the same storage, ${name}. Name another one to move to.`);
