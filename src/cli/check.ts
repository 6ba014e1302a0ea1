import { styleText } from "node:util";
import { type Config, errorMessage, type Finding, suggest } from "../core/index.ts";
import { checkAdapter, checkOutside } from "./check-adapter.ts";
import { checkGeneral } from "./check-general.ts";
import { CONFIG_HELP, CONFIG_OPTION, type Command, parseOptions, type Terminal, UsageError } from "./command.ts";
import { loadConfig, loadEnv } from "./config-file.ts";
import { checkServer } from "./server-config.ts";
import { oneLine } from "./table.ts";

/** What was found about Hobnob itself, or about an adapter. */
interface Group {
  readonly about: string;
  readonly findings: readonly Finding[];
}

const LINGER_MS = 500;

export const check: Command = {
  help: `Finds out whether the bot is set up right, and says what to change where.

Usage: hobnob check [--adapter NAME] [--json] [--config FILE]

Looks at the config, the storage, the public address, and asks each platform whether credentials, scopes and webhooks
are right. Nothing is sent to a conversation, and nothing is changed. Works on a stopped and on a running bot.

Options:
  --adapter NAME  Only this adapter of the config.
  --json          Everything as one JSON object: ok, findings.
  ${CONFIG_HELP}

Exit codes: 0 nothing is wrong (there may be warnings); 1 something is; 2 wrong usage.

Example: hobnob check --adapter slack
`,
  async run({ args, env, print }) {
    const options = { ...CONFIG_OPTION, adapter: { type: "string" }, json: { type: "boolean" } } as const;
    const { values } = parseOptions("check", args, options);
    const groups: Group[] = [];
    const hide = redactor(env);
    const tell = (group: Group) => {
      const findings = group.findings.map((each) => ({ ...each, message: hide(oneLine(each.message)) }));
      groups.push({ ...group, findings });
      if (!values.json) report(print, groups.at(-1)!);
    };

    const config = await readConfig(values.config, env, tell);
    if (config !== undefined) await checkAll(config, values.adapter, tell);
    const all = groups.flatMap(({ about, findings }) => findings.map((finding) => ({ about, ...finding })));
    const isWrong = all.some(({ level }) => level === "error");
    print(values.json ? JSON.stringify({ ok: !isWrong, findings: all }, undefined, 2) : summary(all));
    // A check that hangs must not keep the process.
    setTimeout(() => process.exit(), LINGER_MS).unref();
    return isWrong ? 1 : 0;
  },
};

async function readConfig(
  named: string | undefined,
  env: Terminal["env"],
  tell: (group: Group) => void,
): Promise<Config | undefined> {
  try {
    loadEnv();
    const config = await loadConfig(named);
    return { ...config, server: checkServer(config.server, env) };
  } catch (error) {
    tell({ about: "hobnob", findings: [{ level: "error", subject: "config", message: errorMessage(error) }] });
    return undefined;
  }
}

async function checkAll(config: Config, only: string | undefined, tell: (group: Group) => void): Promise<void> {
  const names = config.adapters.map(({ name }) => name);
  if (only !== undefined && !names.includes(only)) {
    throw new UsageError(
      `No adapter of the config is named \`${only}\`${suggest(only, names)}. Known: ${names.join(", ")}.`,
    );
  }
  const url = config.server?.url?.replace(/\/+$/, "");
  const adapters = config.adapters.filter(({ name }) => only === undefined || name === only);
  // All at once; told in the order of the config.
  const checks = adapters.map((adapter) => checkAdapter(adapter, { url }));
  if (only === undefined) tell({ about: "hobnob", findings: await checkGeneral(config) });
  for (const [index, { name }] of adapters.entries()) tell({ about: name, findings: await checks[index]! });
  if (only !== undefined) return;
  for (const { name, service } of config.plugins) {
    if (service === undefined) continue;
    // With nothing set there is nothing to reach.
    const { missing } = service;
    const check = missing.length === 0 ? service.check : undefined;
    tell({ about: name, findings: await checkOutside({ name, missing, ...(check && { check }) }) });
  }
}

const MARKS = { ok: styleText("green", "✓"), warning: styleText("yellow", "!"), error: styleText("red", "✗") };

function report(print: Terminal["print"], { about, findings }: Group): void {
  print(styleText("bold", about));
  for (const { level, subject, message } of findings) print(`  ${MARKS[level]} ${subject}: ${message}`);
  print("");
}

function summary(findings: readonly Finding[]): string {
  const count = (wanted: Finding["level"]) => findings.filter(({ level }) => level === wanted).length;
  const [errors, warnings] = [count("error"), count("warning")];
  if (errors + warnings === 0) return "All is well.";
  const parts = [errors > 0 && `${errors} wrong`, warnings > 0 && `${warnings} to look at`, `${count("ok")} fine`];
  return `${parts.filter(Boolean).join(", ")}.`;
}

const SECRET_NAME = /TOKEN|SECRET|KEY|PASSWORD|CREDENTIAL/;
const SHORTEST_SECRET = 6;

/** A last guard: what an adapter or a library says must not show what the environment keeps secret. */
function redactor(env: Terminal["env"]): (text: string) => string {
  return (text) => {
    let safe = text;
    for (const [name, value = ""] of Object.entries(env)) {
      if (SECRET_NAME.test(name) && value.length >= SHORTEST_SECRET) safe = safe.replaceAll(value, `<${name}>`);
    }
    return safe;
  };
}
