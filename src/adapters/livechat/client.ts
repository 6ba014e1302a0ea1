import { DeliveryError } from "../../core/index.ts";
import type { Client } from "../shared/client.ts";
import { type Fields, isFields } from "../shared/fields.ts";
import { rightRegion } from "./failure.ts";
import type { AccessToken } from "./installations.ts";

const VERSION = "v3.6";

/** LiveChat's HTTP interfaces, without memory: who calls is said with each call. Failures are `RateLimitError` or `DeliveryError`. */
export interface Api {
  /** A code of the consent page for tokens. https://platform.text.com/docs/authorization/agent-authorization */
  exchange(code: string, redirectUri: string): Promise<AccessToken>;
  refresh(refreshToken: string): Promise<AccessToken>;
  /** Whose token it is. The organization stands in for a license that is not told. */
  info(token: string): Promise<{ readonly organization: string; readonly license?: string }>;
  revoke(token: string): Promise<void>;
  /** A method of the Configuration API, by the license's owner. */
  configure(authorization: string, method: string, body: object): Promise<unknown>;
  /** A method of the Agent Chat API, by the bot. */
  agent(token: string, method: string, body: object | FormData): Promise<Fields>;
}

export interface ApiOptions {
  readonly client: Client;
  readonly accountsUrl: string;
  readonly apiUrl: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  now(): number;
}

export function createApi({ client, accountsUrl, apiUrl, clientId, clientSecret = "", now }: ApiOptions): Api {
  async function askForToken(fields: Readonly<Record<string, string>>): Promise<AccessToken> {
    const form = new URLSearchParams({ ...fields, client_id: clientId, client_secret: clientSecret });
    const answer = readObject((await client.call({ name: "token", url: `${accountsUrl}v2/token`, form })).json);
    return {
      token: readText(answer, "access_token"),
      // Refreshing gives no new refresh token.
      refreshToken: typeof answer.refresh_token === "string" ? answer.refresh_token : (fields.refresh_token ?? ""),
      expiresAt: now() + (Number(answer.expires_in) || 0) * 1000,
    };
  }

  /** In the data centre that the token's prefix names, or the one that LiveChat then points to. */
  async function call(api: "agent" | "configuration", authorization: string, method: string, body: object) {
    const send = async (region: string | undefined) => {
      const { json } = await client.call({
        name: method,
        url: `${apiUrl}${VERSION}/${api}/action/${method}`,
        authorization,
        ...(body instanceof FormData ? { body } : { json: body }),
        ...(region !== undefined && { headers: { "x-region": region } }),
      });
      return json;
    };
    try {
      return await send(/^Bearer (fra):/.exec(authorization)?.[1]);
    } catch (error) {
      const region = rightRegion(error);
      if (region === undefined) throw error;
      return send(region);
    }
  }

  return {
    exchange: (code, redirectUri) => askForToken({ grant_type: "authorization_code", code, redirect_uri: redirectUri }),
    refresh: (refreshToken) => askForToken({ grant_type: "refresh_token", refresh_token: refreshToken }),
    async info(token) {
      const { json } = await client.call({
        name: "info",
        method: "GET",
        url: `${accountsUrl}v2/info`,
        authorization: `Bearer ${token}`,
      });
      const answer = readObject(json);
      const license = maybeId(answer.license_id);
      return {
        organization: maybeId(answer.organization_id) ?? license ?? readText(answer, "organization_id"),
        ...(license !== undefined && { license }),
      };
    },
    async revoke(token) {
      const authorization = `Bearer ${token}`;
      await client.call({ name: "revoke", method: "DELETE", url: `${accountsUrl}v2/token`, authorization });
    },
    configure: (authorization, method, body) => call("configuration", authorization, method, body),
    async agent(token, method, body) {
      const answer = await call("agent", `Bearer ${token}`, method, body);
      return isFields(answer) ? answer : {};
    },
  };
}

/** The text in a field of an answer. @throws DeliveryError without the answer, which may hold a token */
export function readText(answer: unknown, key: string): string {
  const value = isFields(answer) ? answer[key] : undefined;
  if (typeof value === "string" && value !== "") return value;
  throw new DeliveryError(`LiveChat's answer has no \`${key}\`.`, { maybeSent: true });
}

function readObject(answer: unknown): Fields {
  return isFields(answer) ? answer : {};
}

// The old accounts service gives numbers.
function maybeId(value: unknown): string | undefined {
  return (typeof value === "string" && value !== "") || typeof value === "number" ? String(value) : undefined;
}
