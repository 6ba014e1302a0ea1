import { statSync } from "node:fs";
import { resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { errorMessage, HobnobError } from "../core/index.ts";
import { CONFIG_HELP, CONFIG_OPTION, type Command, parseOptions, seeHelp, UsageError } from "./command.ts";
import { loadEnv, loadStorage } from "./config-file.ts";
import { createLog } from "./log.ts";
import { withOperator } from "./operator-client.ts";

export const backup: Command = {
  help: `Copies the SQLite file of a running or stopped bot, as it is when the copy ends, and checks the copy.

Usage: hobnob backup FILE [--config FILE]

No other program can read the file while the bot runs: the running bot makes the copy, so FILE is where its process
may write. The bot goes on meanwhile. FILE must not be there yet; it appears when it is whole and on disk. It holds
messages and tokens. To restore it, stop the bot, put it in the place of the old file, and start the bot.
Postgres and Redis have tools of their own.

Options:
  ${CONFIG_HELP}

Exit codes: 0 the copy is there, and whole; 1 it is not; 2 wrong usage.

Example: hobnob backup backups/hobnob-$(date +%F).db
`,
  async run({ args, env, print }) {
    const { values, positionals } = parseOptions("backup", args, CONFIG_OPTION, 1);
    if (!positionals[0]) throw new UsageError(`The name of the copy is missing. ${seeHelp("backup")}`);
    const to = resolve(positionals[0]);
    loadEnv();
    const storage = await loadStorage(values.config);
    await withOperator(storage, createLog(env.HOBNOB_LOG_LEVEL), (operator) => operator.backup(to));
    assertWhole(to);
    print(`${to}: ${(statSync(to).size / 1e6).toFixed(1)} MB, whole`);
    return 0;
  },
};

function assertWhole(file: string): void {
  let found: unknown;
  try {
    // Nobody writes to a copy: so it is read without leaving files beside it.
    const db = new DatabaseSync(`${pathToFileURL(file).href}?immutable=1`, { readOnly: true });
    found = db.prepare("PRAGMA quick_check(1)").get()?.quick_check;
    db.close();
  } catch (error) {
    found = errorMessage(error);
  }
  if (found === "ok") return;
  throw new HobnobError(
    "BACKUP_FAILED",
    `${file} is damaged: ${found}. Check the disk, and the bot's own file: see docs/operate.md.`,
  );
}
