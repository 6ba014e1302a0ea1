import { HobnobError } from "../../core/index.ts";

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

/** @throws HobnobError `STORAGE_URL` */
export function parseTarget(text: string, given?: string): Target {
  // The text may hold a password: it is not shown.
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw new HobnobError(
      "STORAGE_URL",
      "The storage's URL is not of the form postgres://user:password@host:5432/database. Characters such as @ and / in a password are written as %40 and %2F.",
    );
  }
  const schema = given ?? url.searchParams.get("schema") ?? "hobnob";
  if (!/^[a-z_][a-z0-9_]{0,49}$/.test(schema) || schema.startsWith("pg_")) {
    throw new HobnobError(
      "STORAGE_URL",
      `The storage's schema is ${JSON.stringify(schema)}. Take a name of at most 50 lower-case letters, digits and underscores that does not begin with a digit or pg_.`,
    );
  }
  url.searchParams.delete("schema");
  const user = decodeURIComponent(url.username);
  const database = decodeURIComponent(url.pathname.slice(1)) || user;
  const host = `${url.hostname || "localhost"}:${url.port || "5432"}`;
  return {
    ...{ url: url.href, schema, host, database, user },
    name: `postgres://${host}/${database}${schema === "hobnob" ? "" : `?schema=${schema}`}`,
  };
}
