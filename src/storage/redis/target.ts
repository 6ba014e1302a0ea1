import { HobnobError, suggest } from "../../core/index.ts";

/** Which Redis, and which part of it. */
export interface Target {
  /** How operators see it, without the password: `redis://host:6379/0`. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly isTls: boolean;
  /** Before every key, in braces: Redis then knows that they belong together. */
  readonly prefix: string;
}

const EXAMPLE = "redis://:password@localhost:6379/0?prefix=hobnob";

/**
 * Reads `redis://user:password@host:port/db?prefix=hobnob`; `rediss://` for TLS.
 * @throws HobnobError `STORAGE_URL`, which shows nothing of the password
 */
export function parseTarget(text: string): Target {
  const url = URL.parse(text);
  if (url === null || !["redis:", "rediss:"].includes(url.protocol) || url.hostname === "") {
    throw invalid(`This is no Redis URL (${withoutSecret(text)}). It looks like ${EXAMPLE}; rediss:// is TLS.`);
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const path = url.pathname.replace(/^\//, "");
  if (!/^\d{0,5}$/.test(path)) throw invalid(`The database "${path}" in the Redis URL is no number: ${EXAMPLE}.`);
  for (const key of url.searchParams.keys()) {
    if (key !== "prefix")
      throw invalid(`The Redis URL knows no "${key}"${suggest(key, ["prefix"])}. It takes ?prefix= only.`);
  }
  const prefix = url.searchParams.get("prefix") ?? "hobnob";
  if (!/^[\w.:-]{1,100}$/.test(prefix)) {
    throw invalid(
      `The prefix "${prefix}" in the Redis URL may have letters, digits and _ . : - only, and no more than 100.`,
    );
  }
  const port = Number(url.port || 6379);
  const db = Number(path);
  const base = `${url.protocol}//${url.hostname}:${port}/${db}`;
  return {
    name: prefix === "hobnob" ? base : `${base}?prefix=${prefix}`,
    ...{ host, port, db, prefix, isTls: url.protocol === "rediss:" },
    username: url.username === "" ? undefined : decode(url.username),
    password: url.password === "" ? undefined : decode(url.password),
  };
}

const invalid = (message: string) => new HobnobError("STORAGE_URL", message);

function withoutSecret(text: string): string {
  return text.includes("@") ? `…@${text.slice(text.lastIndexOf("@") + 1)}` : text;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid("User or password in the Redis URL has a % that encodes nothing: write %25 for a % itself.");
  }
}
