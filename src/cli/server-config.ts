import { HobnobError, type ServerConfig, suggest } from "../core/index.ts";

const KEYS = ["port", "host", "url", "bodyLimit"];

/**
 * The config's `server`, checked. What it leaves out comes from PORT, HOBNOB_HOST and HOBNOB_URL; an empty text is not set,
 * as in an environment file.
 *
 * @throws HobnobError `CONFIG_INVALID`
 */
export function checkServer(
  server: unknown,
  { PORT, HOBNOB_HOST, HOBNOB_URL }: Readonly<Record<string, string | undefined>>,
): ServerConfig {
  if (server === undefined) server = {};
  if (typeof server !== "object" || server === null) throw invalid("`server` in the config must be an object.");
  for (const key of Object.keys(server)) {
    if (!KEYS.includes(key)) throw invalid(`Unknown key \`server.${key}\` in the config${suggest(key, KEYS)}.`);
  }
  const given = server as { readonly [key in keyof ServerConfig]: unknown };
  const checked = {
    port: whole("port", given.port ?? (PORT ? Number(PORT) : undefined), 65_535, PORT),
    host: text("host", given.host || HOBNOB_HOST),
    url: text("url", given.url || HOBNOB_URL),
    bodyLimit: whole("bodyLimit", given.bodyLimit, Number.MAX_SAFE_INTEGER),
  };
  if (checked.url !== undefined && !/^https?:$/.test(URL.parse(checked.url)?.protocol ?? "")) {
    throw invalid(
      `\`server.url\` in the config is ${JSON.stringify(checked.url)}. Write it like https://bot.example.com.`,
    );
  }
  return Object.fromEntries(Object.entries(checked).filter(([, value]) => value !== undefined));
}

function whole(key: string, value: unknown, to: number, variable?: string): number | undefined {
  if (value === undefined || (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= to)) {
    return value as number | undefined;
  }
  const from = variable ? ` (PORT is ${JSON.stringify(variable)})` : "";
  const shown = typeof value === "number" ? value : JSON.stringify(value);
  throw invalid(`\`server.${key}\` in the config is ${shown}${from}. Use a whole number from 0 to ${to}.`);
}

function text(key: string, value: unknown): string | undefined {
  if (value === undefined || value === "") return undefined;
  if (typeof value === "string") return value;
  throw invalid(`\`server.${key}\` in the config must be a text, got ${JSON.stringify(value)}.`);
}

const invalid = (message: string) => new HobnobError("CONFIG_INVALID", message);
