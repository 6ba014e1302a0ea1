import type { Log, Vault } from "../../core/index.ts";
import { isObject, ZendeskError } from "./failure.ts";
import type { Options } from "./options.ts";
import { call } from "./transport.ts";

/** How a call says who it is: what `node-zendesk` takes. */
export type Login =
  | { readonly oauth: true; readonly token: string }
  | { readonly username: string; readonly token: string };

/** Where logins come from. */
export interface Logins {
  get(): Promise<Login>;
  /** Zendesk no longer takes the login. @returns whether there may be another */
  refused(login: Login): Promise<boolean>;
}

/** Where the installing person's token is kept. */
export const INSTALLED = "installed";

/** What is kept of it. */
export interface Installed {
  readonly token: string;
}

/** What the plugin may do. */
export const SCOPE = "tickets:read tickets:write users:read users:write";
const LIFE_SECONDS = 86_400;
// A token that is about to end may do so on its way.
const MARGIN_MS = 60_000;

/** The login that the options name; with client credentials a token that is fetched, and fetched again. */
export function createLogins(options: Options, { vault, now }: { readonly vault: Vault; now(): number }): Logins {
  const { oauthToken, clientId, clientSecret, email, token } = options;
  let fetched: { readonly login: Promise<Login>; readonly until: number } | undefined;

  async function fetchLogin(): Promise<Login> {
    const grant = { grant_type: "client_credentials", scope: SCOPE, expires_in: LIFE_SECONDS };
    return { oauth: true, token: await requestToken(options, grant) };
  }

  return {
    async get() {
      if (oauthToken !== undefined) return { oauth: true, token: oauthToken };
      if (clientId === undefined || clientSecret === undefined) return { username: email ?? "", token: token ?? "" };
      const installed = await vault.get<Installed>(INSTALLED);
      if (installed !== undefined) return { oauth: true, token: installed.token };
      if (fetched === undefined || fetched.until <= now()) {
        const login = fetchLogin();
        fetched = { login, until: now() + LIFE_SECONDS * 1000 - MARGIN_MS };
        login.catch(() => {
          fetched = undefined;
        });
      }
      return fetched.login;
    },
    async refused(login) {
      if (oauthToken !== undefined || clientId === undefined || clientSecret === undefined) return false;
      const installed = await vault.get<Installed>(INSTALLED);
      if (installed?.token === login.token) {
        // Taken back, or at its end: the client's own credentials still let in. What was installed meanwhile stays.
        await vault.update<Installed>(INSTALLED, (kept) => (kept?.token === login.token ? undefined : kept));
      } else if (installed === undefined) {
        const { token } = (await fetched?.login.catch(() => undefined)) ?? {};
        // Not one that another call has fetched since.
        if (token === login.token) fetched = undefined;
      }
      return true;
    },
  };
}

/** Asks Zendesk for an access token. https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/ */
export async function requestToken(options: Options, grant: object): Promise<string> {
  const { clientId, clientSecret, timeout } = options;
  const { json } = await call({
    name: "POST oauth/tokens",
    url: `${rootOf(options)}/oauth/tokens`,
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    // `scope` is one text: a list is taken without a word, and every later call refused.
    body: JSON.stringify({ ...grant, client_id: clientId, client_secret: clientSecret }),
    timeout,
  });
  const token = isObject(json) ? json.access_token : undefined;
  if (typeof token === "string" && token !== "") return token;
  throw new ZendeskError("Zendesk's answer to POST oauth/tokens holds no token.", { status: 200, maybeSent: true });
}

/** The day on which Zendesk ends API tokens. */
const API_TOKENS_END = "2027-04-30";

/** Tells the operator of an API token that it will not work for ever. */
export function warnOfApiToken({ oauthToken, clientId, clientSecret, token }: Options, log: Log): void {
  if (oauthToken !== undefined || (clientId !== undefined && clientSecret !== undefined) || token === undefined) return;
  log.warn(
    {},
    `ZENDESK_TOKEN is an API token, and Zendesk ends these on ${API_TOKENS_END}. Set ZENDESK_CLIENT_ID and ZENDESK_CLIENT_SECRET instead.`,
  );
}

/** Base URL of the API, without a slash at the end. */
export function apiUrlOf({ apiUrl, subdomain }: Options): string {
  return (apiUrl ?? `https://${subdomain}.zendesk.com/api/v2`).replace(/\/+$/, "");
}

/** The account's own address. */
export function rootOf(options: Options): string {
  return apiUrlOf(options).replace(/\/api\/v2$/, "");
}
