import { DeliveryError } from "../../core/index.ts";
import { type Answer, type Client, createClient } from "../shared/client.ts";
import { readRetryAfter } from "../shared/failure.ts";
import type { Fields } from "../shared/fields.ts";
import { readRefusal } from "./failure.ts";

/** Calls of Twist's API. Every failure is a `RateLimitError` or a `DeliveryError`. */
export interface Api {
  /** For calls that are none of the API's own: callbacks and OAuth. */
  readonly client: Client;
  get(name: string, query?: Query, options?: ReadOptions): Promise<unknown>;
  post(name: string, body: Fields, options?: Pick<ReadOptions, "token">): Promise<unknown>;
  upload(name: string, body: FormData): Promise<unknown>;
}

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface ReadOptions {
  /** A person's own token. @default the adapter's */
  readonly token?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ApiSetup {
  readonly token: string;
  /** Ends in a slash. */
  readonly apiUrl: string;
  /** Milliseconds. */
  readonly timeout: number;
  /** The environment variable that holds the token, for what an operator reads. */
  readonly tokenName: string;
  readonly maySend?: (() => boolean) | undefined;
}

export function createApi({ token, apiUrl, timeout, tokenName, maySend }: ApiSetup): Api {
  const client = createClient({
    platform: "Twist",
    baseUrl: apiUrl,
    timeout,
    limitScope: "account",
    refused: (answer) => readRefusal(answer, tokenName),
    rateLimited,
    maySend,
  });
  const authorization = `Bearer ${token}`;
  const as = (own: string | undefined) => (own === undefined ? authorization : `Bearer ${own}`);
  return {
    client,
    async get(name, query, { token: own, signal } = {}) {
      return readAnswer(
        name,
        await client.call({ name, method: "GET", url: urlOf(name), query, authorization: as(own), signal }),
      );
    },
    async post(name, json, { token: own } = {}) {
      return readAnswer(name, await client.call({ name, url: name, json, authorization: as(own) }));
    },
    async upload(name, body) {
      return readAnswer(name, await client.call({ name, url: name, body, authorization }));
    },
  };
}

// Twist has limits and does not say which; a 503 with a Retry-After is one too.
function rateLimited({ status, headers }: Answer): number | undefined {
  const { "retry-after": asked } = headers;
  return status === 429 || (status === 503 && asked !== undefined) ? readRetryAfter(asked) : undefined;
}

// v4 exists for the users of a workspace alone.
function urlOf(name: string): string {
  return name.startsWith("workspace_users/") ? `../v4/${name}` : name;
}

function readAnswer(name: string, { json }: Answer): unknown {
  if (json !== undefined) return json;
  throw new DeliveryError(`Twist's answer to ${name} is no JSON; it may have been carried out.`, { maybeSent: true });
}
