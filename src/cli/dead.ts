import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type DeadLetter, errorCode, HobnobError } from "../core/index.ts";
import {
  CONFIG_HELP,
  CONFIG_OPTION,
  type Command,
  chooseAction,
  parseNumber,
  parseOptions,
  type Terminal,
  UsageError,
} from "./command.ts";
import { loadEnv, loadStorage } from "./config-file.ts";
import { createLog } from "./log.ts";
import type { DeadSummary, Operator } from "./operator.ts";
import { withOperator } from "./operator-client.ts";
import { oneLine, renderTable, renderTime } from "./table.ts";

const OPTIONS = {
  ...CONFIG_OPTION,
  all: { type: "boolean" },
  file: { type: "string" },
  json: { type: "boolean" },
  limit: { type: "string" },
  payload: { type: "string" },
  yes: { type: "boolean" },
} as const;
/** `show --payload` takes no value. */
const SHOW_OPTIONS = { ...OPTIONS, payload: { type: "boolean" } } as const;

type Values = Omit<ReturnType<typeof parseOptions<typeof OPTIONS>>["values"], "payload"> & {
  readonly payload?: string | boolean | undefined;
};

/** What an action may be given beside its id; what else is given is wrong usage. */
interface Action {
  readonly takes: readonly (keyof Values)[];
  /** Checks the usage before anything is opened; the returned function does the work. */
  prepare(given: {
    readonly id: string | undefined;
    readonly values: Values;
    readonly print: Terminal["print"];
  }): (operator: Operator) => Promise<void>;
}

export const dead: Command = {
  help: `Dead letters: jobs that used up their attempts. Each keeps its payload and its errors until somebody decides.

Usage: hobnob dead list [--limit N] [--json]
       hobnob dead show ID [--json | --payload]
       hobnob dead retry ID | --all
       hobnob dead edit ID --payload JSON | --file FILE
       hobnob dead discard ID | --all --yes

  list      The newest first.
  show      Errors and payload of one. The payload holds the text of the message.
  retry     Back into the queue with fresh attempts. What the job already said is not said again.
  edit      Replaces the payload, for a retry that goes better; the old one is gone, so keep it. Save it with
            hobnob dead show ID --payload > FILE, change FILE, and give it to edit with --file.
  discard   Ends it for good; the audit counts it as discarded.

Options:
  --all           Every dead letter; discard wants --yes with it.
  --limit N       At most so many. Default: 50.
  --json          As JSON.
  --payload       With show: the payload alone, as edit takes it.
  --payload JSON  With edit: the new payload.
  --file FILE     A file with the new payload.
  ${CONFIG_HELP}

Exit codes: 0 fine; 1 there is no such dead letter, or it cannot be read; 2 wrong usage.

Example: hobnob dead retry 42
`,
  async run({ args, env, print }) {
    const { positionals: loose } = parseArgs({ args: [...args], options: OPTIONS, strict: false });
    const { values, positionals } = parseOptions("dead", args, loose[0] === "show" ? SHOW_OPTIONS : OPTIONS, 2);
    const [name, id] = positionals;
    const given = Object.keys(values) as (keyof Values)[];
    const action = chooseAction("dead", name, { actions: ACTIONS, always: ["config"], given });
    const act = action.prepare({ id, values, print });
    loadEnv();
    const storage = await loadStorage(values.config);
    await withOperator(storage, createLog(env.HOBNOB_LOG_LEVEL), act);
    return 0;
  },
};

const ACTIONS: Readonly<Record<string, Action>> = {
  list: {
    takes: ["limit", "json"],
    prepare({ id, values, print }) {
      if (id !== undefined) throw new UsageError(`\`hobnob dead list\` takes no id. Use \`hobnob dead show ${id}\`.`);
      const limit = parseNumber("--limit", values.limit, { from: 1, to: 1_000_000, otherwise: 50 });
      return async (operator) => {
        const letters = await operator.deadList(limit);
        if (values.json) print(JSON.stringify(letters, undefined, 2));
        else printList(letters, limit, print);
      };
    },
  },
  show: {
    takes: ["json", "payload"],
    prepare({ id, values, print }) {
      const wanted = needId("show", id);
      if (values.json && values.payload) {
        throw new UsageError("`hobnob dead show` takes --json or --payload, not both: a payload is JSON already.");
      }
      return async (operator) => {
        const letter = await operator.deadGet(wanted);
        if (letter === undefined) throw notFound(wanted);
        if (values.payload) print(JSON.stringify(letter.payload, undefined, 2));
        else if (values.json) print(JSON.stringify(letter, undefined, 2));
        else printLetter(letter, print);
      };
    },
  },
  retry: {
    takes: ["all"],
    prepare({ id, values, print }) {
      const ids = chooseIds("retry", id, values.all);
      return async (operator) => {
        const count = await operator.deadRetry(ids);
        if (count === 0 && ids !== undefined) throw notFound(ids[0]!);
        print(ids === undefined ? `back in the queue: ${count}` : `${ids[0]} is back in the queue`);
      };
    },
  },
  edit: {
    takes: ["payload", "file"],
    prepare({ id, values, print }) {
      const wanted = needId("edit", id);
      const payload = readPayload(values);
      return async (operator) => {
        const old = await operator.deadGet(wanted);
        if (old === undefined) throw notFound(wanted);
        assertFits(old, payload);
        if (!(await operator.deadEdit(wanted, payload))) throw notFound(wanted);
        print(`${wanted} has its new payload; \`hobnob dead retry ${wanted}\` runs it`);
      };
    },
  },
  discard: {
    takes: ["all", "yes"],
    prepare({ id, values, print }) {
      const ids = chooseIds("discard", id, values.all);
      if (ids === undefined && !values.yes) {
        throw new UsageError("`hobnob dead discard --all` ends every dead letter for good. Add --yes if you mean it.");
      }
      return async (operator) => {
        const count = await operator.deadDiscard(ids);
        if (count === 0 && ids !== undefined) throw notFound(ids[0]!);
        print(ids === undefined ? `discarded: ${count}` : `${ids[0]} is discarded`);
      };
    },
  },
};

function needId(action: string, id: string | undefined): string {
  if (id !== undefined) return id;
  throw new UsageError(`\`hobnob dead ${action}\` needs an id. \`hobnob dead list\` shows them.`);
}

/** One id, or undefined for all. */
function chooseIds(action: string, id: string | undefined, all: boolean | undefined): readonly string[] | undefined {
  if (!all) return [needId(action, id)];
  if (id === undefined) return undefined;
  throw new UsageError(`\`hobnob dead ${action}\` takes an id or --all, not both.`);
}

function readPayload({ payload, file }: Values): unknown {
  if ((payload === undefined) === (file === undefined)) {
    throw new UsageError("`hobnob dead edit` needs the new payload: --payload JSON or --file FILE, one of them.");
  }
  const source = file === undefined ? "--payload" : file;
  try {
    return JSON.parse(file === undefined ? String(payload) : readFileSync(file, "utf8"));
  } catch (error) {
    // The parser's own message would show a piece of the payload.
    if (error instanceof SyntaxError) throw new UsageError(`${source} is not JSON. Mind the shell's quotes.`);
    throw new HobnobError("FILE_UNREADABLE", `${file} cannot be read (${errorCode(error)}). Check --file.`);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The old payload is the only copy of the message: what no handler could take must not replace it. */
function assertFits({ id, payload: old }: DeadLetter, payload: unknown): void {
  const remedy = `\`hobnob dead show ${id} --payload\` prints what --file takes. Nothing was changed.`;
  if (isRecord(payload) && ["payload", "handler", "errors"].every((key) => Object.hasOwn(payload, key))) {
    throw new UsageError(`This is a whole letter, and the payload is only a part of it: ${remedy}`);
  }
  const event = isRecord(old) ? old.event : undefined;
  if (!isRecord(event)) return;
  const given = isRecord(payload) && isRecord(payload.event) ? payload.event : {};
  const lost = ["kind", "conversation"].find((key) => Object.hasOwn(event, key) && !Object.hasOwn(given, key));
  if (lost === undefined) return;
  const what = Object.keys(given).length === 0 ? "`event`" : `\`event.${lost}\``;
  throw new UsageError(`The new payload has no ${what}, and the old one has: no handler could take it. ${remedy}`);
}

function notFound(id: string): HobnobError {
  return new HobnobError("DEAD_NOT_FOUND", `There is no dead letter ${id}. \`hobnob dead list\` shows them.`);
}

function printList(letters: readonly DeadSummary[], limit: number, print: Terminal["print"]): void {
  if (letters.length === 0) {
    print("no dead letters");
    return;
  }
  const rows = letters.map(({ id, diedAt, attempts, adapter, plugin, handler, errors }) => {
    const last = errors.at(-1);
    const error = last === undefined ? "" : `${last.code}: ${last.message}`;
    return [id, renderTime(diedAt), attempts, adapter || "-", plugin, handler, error];
  });
  const head = ["id", "died (UTC)", "attempts", "adapter", "plugin", "handler", "last error"];
  for (const line of renderTable(head, rows)) print(line);
  if (letters.length === limit) print(`… there may be more: hobnob dead list --limit ${limit * 10}`);
}

function printLetter(letter: DeadLetter, print: Terminal["print"]): void {
  const { id, adapter, plugin, handler, lane, pool, storedAt, diedAt, attempts, errors, payload } = letter;
  const facts = {
    id,
    adapter,
    plugin,
    handler,
    lane,
    pool,
    attempts,
    stored: renderTime(storedAt),
    died: renderTime(diedAt),
  };
  for (const [name, value] of Object.entries(facts)) print(`${name.padEnd(9)} ${oneLine(String(value))}`);
  print("errors");
  for (const { at, attempt, code, message } of errors) {
    print(`  ${renderTime(at)}  attempt ${attempt}  ${oneLine(`${code}: ${message}`)}`);
  }
  print("payload");
  print(JSON.stringify(payload, undefined, 2));
}
