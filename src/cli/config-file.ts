import { existsSync, statSync } from "node:fs";
import { relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Config, checkConfig, errorCode, HobnobError, type Storage } from "../core/index.ts";
import { UsageError } from "./command.ts";

const NAMES = ["plugins.config.ts", "plugins.config.js", "plugins.config.mjs"];

/** Adds what `.env` of the working directory sets; what is set already wins. @throws HobnobError `CONFIG_ENV` */
export function loadEnv(): void {
  if (!existsSync(".env")) return;
  try {
    process.loadEnvFile(".env");
  } catch (error) {
    throw new HobnobError("CONFIG_ENV", `.env cannot be read (${errorCode(error)}). Make it a readable file.`, {
      cause: error,
    });
  }
}

/** Loads and checks a config. @throws HobnobError `CONFIG_*` in one line that says what, where and what to do */
export async function loadConfig(named: string | undefined): Promise<Config> {
  const { shown, config } = await importConfig(named);
  return inFile(shown, () => {
    checkConfig(config);
    return config;
  });
}

/** The storage of a config whose other parts may be broken: operators look at jobs just when something is. */
export async function loadStorage(named: string | undefined): Promise<Storage> {
  const { shown, config } = await importConfig(named);
  return inFile(shown, () => {
    const { storage } = (config ?? {}) as Partial<Config>;
    if (typeof storage?.open === "function") return storage;
    checkConfig(config);
    return config.storage;
  });
}

interface Imported {
  /** The file as it is named in messages. */
  readonly shown: string;
  readonly config: unknown;
}

async function importConfig(named: string | undefined): Promise<Imported> {
  const file = findFile(named);
  const within = relative(process.cwd(), file);
  const shown = within === "" || within.startsWith("..") ? file : within;
  if (!statSync(file).isFile()) {
    throw new HobnobError("CONFIG_UNREADABLE", `${shown} is not a file. Write the config there, or name another.`);
  }
  try {
    const { default: config } = await settled(import(pathToFileURL(file).href));
    return { shown, config };
  } catch (error) {
    throw importError(shown, file, error);
  }
}

/** What an import gives, unless nothing is left in the process that could still bring it to an end. */
async function settled(imported: Promise<{ readonly default?: unknown }>) {
  const { promise: stuck, reject } = Promise.withResolvers<never>();
  const onIdle = () =>
    reject(
      new HobnobError(
        "CONFIG_STUCK",
        "It waits at its top level (`await`) for something that never comes, so it does not load. Mend it there.",
      ),
    );
  process.once("beforeExit", onIdle);
  try {
    return await Promise.race([imported, stuck]);
  } finally {
    process.off("beforeExit", onIdle);
  }
}

function findFile(named: string | undefined): string {
  if (named === "") throw new UsageError("`--config` is empty. Write the name of a file after it.");
  const found = (named === undefined ? NAMES : [named]).find((name) => existsSync(name));
  if (found !== undefined) return resolve(found);
  throw new HobnobError(
    "CONFIG_NOT_FOUND",
    named === undefined
      ? `There is no plugins.config.ts in ${process.cwd()}. Go to the bot's folder, or name the file with --config.`
      : `There is no file ${named}. Check what follows --config.`,
  );
}

function inFile<T>(shown: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof HobnobError) throw new HobnobError(error.code, `${shown}: ${error.message}`, { cause: error });
    throw error;
  }
}

function importError(shown: string, file: string, error: unknown): HobnobError {
  // `instanceof` would miss the error of a second copy of Hobnob, which a config elsewhere may bring along.
  const { name, message } = error instanceof Error ? error : { name: "", message: String(error) };
  const code = errorCode(error);
  if (name === "HobnobError") return new HobnobError(code, `${shown}: ${message}`, { cause: error });
  const first = message.split("\n", 1)[0]!.replace(/\.$/, "");
  const at = `${shown}${lineIn(file, error)}`;
  if (code === "EACCES") {
    return new HobnobError("CONFIG_UNREADABLE", `${shown} may not be read by this user. Change its mode.`, {
      cause: error,
    });
  }
  if (code === "ERR_MODULE_NOT_FOUND" || code === "ERR_PACKAGE_PATH_NOT_EXPORTED") {
    return new HobnobError("CONFIG_IMPORT", `${at}: ${first}. Check the import, or install the package.`, {
      cause: error,
    });
  }
  if (message.startsWith("Cannot use import statement outside a module")) {
    const remedy = 'Put "type": "module" into the package.json beside it.';
    return new HobnobError("CONFIG_FAILED", `${shown} is taken for CommonJS. ${remedy}`, { cause: error });
  }
  const what = name === "SyntaxError" ? "is not valid" : "failed";
  const remedy = name === "SyntaxError" ? "Mend the syntax there" : "Mend it there";
  return new HobnobError("CONFIG_FAILED", `${at} ${what}: ${first}. ${remedy}.`, { cause: error });
}

/** `:3:28`, where the error's stack names a place in the file. */
function lineIn(file: string, error: unknown): string {
  const { stack = "" } = error instanceof Error ? error : {};
  for (const name of [pathToFileURL(file).href, file]) {
    const at = stack.indexOf(`${name}:`);
    const place = at < 0 ? null : /^(:\d+){1,2}/.exec(stack.slice(at + name.length));
    if (place !== null) return place[0];
  }
  return "";
}
