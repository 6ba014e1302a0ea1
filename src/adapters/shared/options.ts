import { type Duration, HobnobError, type Pace, parseDuration, suggest } from "../../core/index.ts";

/** Reads an adapter's options: every value by its type, an empty text as "not set", an unknown key as an error. */
export interface OptionReader<K extends string> {
  /** @throws HobnobError `CONFIG_INVALID` when it is no text */
  text(key: K): string | undefined;
  /** Letters, digits and hyphens. */
  name(otherwise: string): string;
  /** A path that begins with a slash, without a query. */
  path(key: K, otherwise: string): string;
  /** A base URL, with a slash at its end. */
  url(key: K, otherwise: string): string;
  /** The whole of a URL; undefined when it is not set. Errors do not show it: it may hold a password. */
  address(key: K): string | undefined;
  /** @default false */
  flag(key: K): boolean;
  /** Milliseconds, above 0. */
  duration(key: K, otherwise: Duration): number;
  pace(otherwise: Pace | undefined): Pace | undefined;
  /** The error of a value that does not fit; the value is shown unless it may be a secret. */
  invalid(message: string): HobnobError;
}

/**
 * @param factory the name of the adapter's function, for messages
 * @throws HobnobError `CONFIG_INVALID` for an option that does not exist
 */
export function readOptions<K extends string>(factory: string, options: unknown, keys: readonly K[]): OptionReader<K> {
  if (typeof options !== "object" || options === null) {
    throw invalid(`${factory}() takes its options as one object, for example ${factory}({ name: "${factory}" }).`);
  }
  for (const key of Object.keys(options)) {
    if (!(keys as readonly string[]).includes(key)) {
      throw invalid(`${factory}() has no option \`${key}\`${suggest(key, keys)}.`);
    }
  }
  const given = options as Readonly<Record<string, unknown>>;

  function text(key: string): string | undefined {
    const value = given[key];
    if (value === undefined || value === "") return undefined;
    // The value is not shown: it may be a secret.
    if (typeof value !== "string") {
      throw invalid(`Option \`${key}\` of ${factory}() must be a text, got a ${typeof value}.`);
    }
    return value;
  }

  return {
    text,
    invalid,
    name(otherwise) {
      const value = text("name") ?? otherwise;
      if (/^[a-z][a-z0-9-]*$/i.test(value)) return value;
      throw invalid(`Option \`name\` of ${factory}() is ${JSON.stringify(value)}. Use letters, digits and hyphens.`);
    },
    path(key, otherwise) {
      const value = text(key) ?? otherwise;
      if (/^\/[^?#\s]*$/.test(value)) return value;
      throw invalid(
        `Option \`${key}\` of ${factory}() is ${JSON.stringify(value)}. Begin it with a slash, without a query.`,
      );
    },
    url: (key, otherwise) => checkBaseUrl(factory, key, text(key) ?? otherwise),
    address(key) {
      const value = text(key);
      if (value === undefined || /^https?:$/.test(URL.parse(value)?.protocol ?? "")) return value;
      throw invalid(`Option \`${key}\` of ${factory}() is no URL. Write the whole of it: https://…`);
    },
    flag(key) {
      const value = given[key] ?? false;
      if (typeof value === "boolean") return value;
      throw invalid(`Option \`${key}\` of ${factory}() is ${JSON.stringify(value)}. Write true or false.`);
    },
    duration(key, otherwise) {
      const value = (given[key] ?? otherwise) as Duration;
      const ms = parseDuration(value);
      if (ms !== undefined && ms > 0) return ms;
      throw invalid(
        `Option \`${key}\` of ${factory}() is ${JSON.stringify(value)}. Write a length of time such as "10s".`,
      );
    },
    pace(otherwise) {
      const value = given.pace;
      if (value === false) return undefined;
      if (value === undefined) return otherwise;
      const { burst, perSecond } = (value ?? {}) as Partial<Pace>;
      if (typeof burst === "number" && burst >= 1 && typeof perSecond === "number" && perSecond > 0) {
        return { burst, perSecond };
      }
      throw invalid(
        `Option \`pace\` of ${factory}() is ${JSON.stringify(value)}. Write { burst: 5, perSecond: 1 }, or false.`,
      );
    },
  };
}

/** A base URL that ends in a slash. @throws HobnobError `CONFIG_INVALID` */
export function checkBaseUrl(factory: string, key: string, url: string): string {
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw invalid(
      `Option \`${key}\` of ${factory}() is ${JSON.stringify(url)}. Write a URL such as https://api.example.com/.`,
    );
  }
  return url.endsWith("/") ? url : `${url}/`;
}

/** The environment variable of a credential: `SLACK_BOT_TOKEN`, or `TWILIO_EVENTS_BOT_TOKEN` for the adapter `twilio-events`. */
export function environmentName(adapter: string, suffix: string): string {
  return `${adapter.toUpperCase().replaceAll("-", "_")}_${suffix}`;
}

function invalid(message: string): HobnobError {
  return new HobnobError("CONFIG_INVALID", message);
}

/** The environment variables of the credentials that are not set, given by the end of their names. */
export function missingOf(adapter: string, needed: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(needed)
    .filter((suffix) => needed[suffix] === undefined || needed[suffix] === "")
    .map((suffix) => environmentName(adapter, suffix));
}
