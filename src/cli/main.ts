import { HobnobError, suggest, version } from "../core/index.ts";
import { type Command, type Terminal, UsageError } from "./command.ts";

interface Listed {
  readonly summary: string;
  /** Imported only when it is called: the start of one command does not pay for the others. */
  load(): Promise<Command>;
}

const COMMANDS: Readonly<Record<string, Listed>> = {
  start: {
    summary: "Starts the bot: webhooks, handlers, and simulated platforms where credentials are missing.",
    load: async () => (await import("./start.ts")).start,
  },
  serve: {
    summary: "Takes webhooks and stores them, for workers on a shared storage.",
    load: async () => (await import("./serve.ts")).serve,
  },
  work: {
    summary: "Runs handlers of what others have stored on a shared storage.",
    load: async () => (await import("./work.ts")).work,
  },
  check: {
    summary: "Finds out whether the bot is set up right, and says what to change.",
    load: async () => (await import("./check.ts")).check,
  },
  audit: {
    summary: "Proves that no message was lost: received = done + ignored + dead + discarded + in flight.",
    load: async () => (await import("./audit.ts")).audit,
  },
  jobs: {
    summary: "Lists the jobs that wait or run.",
    load: async () => (await import("./jobs.ts")).jobs,
  },
  backup: {
    summary: "Copies the SQLite file of a bot, running or stopped.",
    load: async () => (await import("./backup.ts")).backup,
  },
  nodes: {
    summary: "Lists the processes that share the storage.",
    load: async () => (await import("./nodes.ts")).nodes,
  },
  migrate: {
    summary: "Moves everything a storage holds to another one.",
    load: async () => (await import("./migrate.ts")).migrate,
  },
  manifest: {
    summary: "Prints the description of an app from which its platform creates it.",
    load: async () => (await import("./manifest.ts")).manifest,
  },
  dead: {
    summary: "Lists, shows, edits, retries or discards dead letters.",
    load: async () => (await import("./dead.ts")).dead,
  },
  twitter: {
    summary: "Tells X (Twitter) where to send the account's events.",
    load: async () => (await import("./twitter.ts")).twitter,
  },
};

/** Commands that run until they are stopped. */
const BOTS: readonly string[] = ["start", "serve", "work"];

const HELP = `A bot framework: an acknowledged message is never lost and never answered twice.

Usage: hobnob <command> [options]

Commands:
${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`)
  .join("\n")}

Options:
  --help      This page; after a command, that command's own.
  --version   The version.

Exit codes: 0 fine; 1 something is wrong (the config, a dead letter that is not there, an audit that does not
add up); 2 wrong usage. What looks at a bot, or mends it, works while it is stopped and while it runs.

Example: hobnob start --port 8080
`;

/** Runs a command line and resolves with its exit code; never rejects. */
export async function main(argv: readonly string[], env: Terminal["env"]): Promise<number> {
  // The reader of a pipe may leave early, as `head` does. A bot goes on unheard.
  const isBot = BOTS.includes(argv[0] ?? "");
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (!isBot) process.exit(error.code === "EPIPE" ? 0 : 1);
  });
  try {
    return await dispatch(argv, env);
  } catch (error) {
    process.stderr.write(`${describe(error, env.HOBNOB_LOG_LEVEL)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function dispatch(argv: readonly string[], env: Terminal["env"]): Promise<number> {
  const [first, ...rest] = argv;
  const print = (line: string) => void process.stdout.write(`${line}\n`);
  if (first === undefined) {
    process.stderr.write(HELP);
    return 2;
  }
  if (first === "--version" || first === "-v") {
    if (rest[0] !== undefined) throw tooMany(rest[0], first);
    print(version());
    return 0;
  }
  const isHelp = ["help", "--help", "-h"].includes(first);
  if (isHelp && rest[1] !== undefined) throw tooMany(rest[1], `${first} ${rest[0]}`);
  const [name, args] = isHelp ? [rest[0] ?? "--help", ["--help"]] : [first, rest];
  if (name === "--help" || name === "-h") {
    process.stdout.write(HELP);
    return 0;
  }
  if (!Object.hasOwn(COMMANDS, name)) {
    const known = [...Object.keys(COMMANDS), "--help", "--version"];
    const what = name.startsWith("-") ? "option" : "command";
    throw new UsageError(`There is no ${what} \`${name}\`${suggest(name, known)}. See \`hobnob --help\`.`);
  }
  const command = await COMMANDS[name]!.load();
  if (asksForHelp(args)) {
    process.stdout.write(command.help);
    return 0;
  }
  return command.run({ args, env, print });
}

const tooMany = (extra: string, call: string) =>
  new UsageError(`\`${extra}\` is one argument too many for \`hobnob ${call}\`. See \`hobnob --help\`.`);

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end < 0 ? args : args.slice(0, end)).some((arg) => arg === "--help" || arg === "-h");
}

function describe(error: unknown, level: string | undefined): string {
  if (error instanceof HobnobError) {
    const line = `error: ${error.message.replace(/\s*\n\s*/g, " ")} [${error.code}]`;
    return level === "debug" || level === "trace" ? `${line}\n${stackOf(error)}` : line;
  }
  return `error: Hobnob failed in a way it does not know. Please report it. [BUG]\n${stackOf(error)}`;
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? String(error);
  return error.cause === undefined ? own : `${own}\ncaused by ${stackOf(error.cause)}`;
}
