import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { HobnobError, suggest } from "../core/index.ts";

/** What a command gets from the process, so that none reads it by itself. */
export interface Terminal {
  /** What follows the command's name. */
  readonly args: readonly string[];
  /** With what `.env` adds. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Writes a line to stdout. */
  print(line: string): void;
}

/** A command of `hobnob`; resolves with the exit code. */
export interface Command {
  /** The whole text of `hobnob <command> --help`. */
  readonly help: string;
  run(terminal: Terminal): Promise<number>;
}

/** The command was called in a way it does not know: exit code 2. */
export class UsageError extends HobnobError {
  constructor(message: string) {
    super("USAGE", message);
    this.name = "UsageError";
  }
}

/** Option of every command that reads the config. */
export const CONFIG_OPTION = { config: { type: "string" } } as const;

export const CONFIG_HELP = "--config FILE   The config. Default: plugins.config.ts, .js or .mjs in this folder.";

/**
 * Options and positional arguments, strictly.
 * @throws UsageError that names the option and the nearest known one
 */
export function parseOptions<const T extends ParseArgsOptionsConfig>(
  command: string,
  args: readonly string[],
  options: T,
  positionals = 0,
) {
  try {
    const parsed = parseArgs({ args: joinNumbers(args, options), options, allowPositionals: true, strict: true });
    const extra = parsed.positionals[positionals];
    if (extra !== undefined) {
      throw new UsageError(`\`${extra}\` is one argument too many for \`hobnob ${command}\`. ${seeHelp(command)}`);
    }
    return parsed;
  } catch (error) {
    if (error instanceof HobnobError || !(error instanceof Error)) throw error;
    const unknown = /^Unknown option '(-[^']*)'/.exec(error.message)?.[1];
    const known = [...Object.keys(options), "help"].map((name) => `--${name}`);
    const ambiguous = /^Option '(?:-\w, )?(--[\w-]+).* is ambiguous/.exec(error.message)?.[1];
    if (ambiguous !== undefined) {
      throw new UsageError(
        `What follows \`${ambiguous}\` begins with a dash. If that is its value, write \`${ambiguous}=…\`. ${seeHelp(command)}`,
      );
    }
    throw new UsageError(
      unknown === undefined
        ? `${error.message.split("\n", 1)[0]?.replace(/\.$/, "")}. ${seeHelp(command)}`
        : `\`hobnob ${command}\` has no option \`${unknown}\`${suggest(unknown, known)}. ${seeHelp(command)}`,
    );
  }
}

/** `--port -1` as `--port=-1`: no option is a number, so its command can say what is wrong with it. */
function joinNumbers(args: readonly string[], options: ParseArgsOptionsConfig): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const option = joined.at(-1) ?? "";
    const takesValue = option.startsWith("--") && options[option.slice(2)]?.type === "string";
    if (takesValue && /^-\d/.test(arg)) joined[joined.length - 1] = `${option}=${arg}`;
    else joined.push(arg);
  }
  return joined;
}

/**
 * The action that a command's first argument names, for commands with several.
 * @param always options that every action takes
 * @throws UsageError when there is no such action, or it does not take one of the options
 */
export function chooseAction<K extends string, A extends { readonly takes: readonly K[] }>(
  command: string,
  name: string | undefined,
  {
    actions,
    always,
    given,
  }: {
    readonly actions: Readonly<Record<string, A>>;
    readonly always: readonly K[];
    readonly given: readonly K[];
  },
): A {
  if (name === undefined) throw new UsageError(`What is to be done is missing. ${seeHelp(command)}`);
  if (!Object.hasOwn(actions, name)) {
    throw new UsageError(
      `\`hobnob ${command}\` has no \`${name}\`${suggest(name, Object.keys(actions))}. ${seeHelp(command)}`,
    );
  }
  const action = actions[name]!;
  const extra = given.find((option) => !always.includes(option) && !action.takes.includes(option));
  if (extra === undefined) return action;
  throw new UsageError(`\`hobnob ${command} ${name}\` has no option \`--${extra}\`. ${seeHelp(command)}`);
}

export const seeHelp = (command: string) => `See \`hobnob ${command} --help\`.`;

/** A whole number of an option. @throws UsageError */
export function parseNumber(
  option: string,
  value: string | undefined,
  { from, to, otherwise }: { readonly from: number; readonly to: number; readonly otherwise: number },
): number {
  if (value === undefined) return otherwise;
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= from && number <= to) return number;
  throw new UsageError(`\`${option}\` is ${JSON.stringify(value)}. Write a whole number from ${from} to ${to}.`);
}
