import { HobnobError, suggest } from "../../core/index.ts";

/** Where the data is, read from the options. */
export interface Target {
  /** The URL without what is ours. Has the password. */
  readonly url: string;
  readonly schema: string;
  /** How operators see it: without user and password. */
  readonly name: string;
  readonly host: string;
  readonly database: string;
  readonly user: string;
}

const FORM =
  "It looks like postgres://user:password@host:5432/database; characters such as @, / and % in a password are written as %40, %2F and %25.";

/** @throws HobnobError `STORAGE_URL`, which shows nothing of the password */
export function parseTarget(text: string, given?: string): Target {
  const url = URL.parse(text);
  if (url === null || !["postgres:", "postgresql:"].includes(url.protocol)) {
    throw invalid(`This is no Postgres URL. ${FORM}`);
  }
  for (const key of url.searchParams.keys()) {
    const meant = key === "schema" ? "" : suggest(key, ["schema"]);
    if (meant !== "") throw invalid(`The Postgres URL knows no "${key}"${meant}.`);
  }
  const schema = given ?? url.searchParams.get("schema") ?? "hobnob";
  if (!/^[a-z_][a-z0-9_]{0,49}$/.test(schema) || schema.startsWith("pg_")) {
    throw invalid(
      `The storage's schema is ${JSON.stringify(schema)}. Take a name of at most 50 lower-case letters, digits and underscores that does not begin with a digit or pg_.`,
    );
  }
  url.searchParams.delete("schema");
  const user = decode(url.username);
  const database = decode(url.pathname.slice(1)) || user;
  const host = url.searchParams.get("host") ?? `${url.hostname || "localhost"}:${url.port || "5432"}`;
  return {
    ...{ url: url.href, schema, host, database, user },
    name: `postgres://${host}/${database}${schema === "hobnob" ? "" : `?schema=${schema}`}`,
  };
}

const invalid = (message: string) => new HobnobError("STORAGE_URL", message);

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(`User or database in the Postgres URL has a % that encodes nothing. ${FORM}`);
  }
}
