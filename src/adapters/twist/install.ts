import { randomBytes } from "node:crypto";
import {
  type AdapterHost,
  errorCode,
  errorMessage,
  HobnobError,
  type WebhookRequest,
  type WebhookResponse,
} from "../../core/index.ts";
import { page, redirect, refusal } from "../shared/answer.ts";
import { isFields } from "../shared/fields.ts";
import { isSame } from "../shared/signature.ts";
import type { Api } from "./client.ts";
import type { Paths } from "./options.ts";
import { idOf } from "./parse.ts";
import type { UserTokens } from "./tokens.ts";

/** What the pages of an installation need. */
export interface InstallOptions {
  /** The adapter's name. */
  readonly adapter: string;
  readonly host: AdapterHost;
  readonly api: Api;
  readonly paths: Paths;
  readonly tokens: UserTokens;
  /** Undefined when the integration's id or secret is not set: then nobody can install. */
  readonly client: { readonly id: string; readonly secret: string } | undefined;
  /** Ends in a slash. */
  readonly oauthUrl: string;
}

// To read what the person reads; what the bot writes it writes with its own token.
const SCOPES = "user:read,workspaces:read,channels:read,threads:read";
const STATE_SECONDS = 600;

/**
 * Somebody lets the bot see what they see: off to Twist, back with a code, and the token for it is kept.
 * https://datatracker.ietf.org/doc/html/rfc6749#section-4.1
 */
export function createInstall(options: InstallOptions): (request: WebhookRequest) => Promise<WebhookResponse> {
  const { adapter, host, paths, client, oauthUrl } = options;
  const cookieName = `hobnob-${adapter}-install`;
  const redirectUri = `${host.url}${paths.oauth}`;

  function cookie(value: string, seconds: number): Record<string, string> {
    const secure = host.url.startsWith("https:") ? "; Secure" : "";
    return {
      "set-cookie": `${cookieName}=${value}; Path=${paths.oauth}; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`,
    };
  }

  async function begin({ id }: { readonly id: string }): Promise<WebhookResponse> {
    const state = randomBytes(24).toString("base64url");
    await host.store.set(`install/${state}`, true, { ttl: STATE_SECONDS * 1000 });
    const query = new URLSearchParams({
      client_id: id,
      scope: SCOPES,
      state,
      redirect_uri: redirectUri,
      response_type: "code",
    });
    const answer = redirect(`${oauthUrl}authorize?${query}`);
    return { ...answer, headers: { ...answer.headers, ...cookie(state, STATE_SECONDS) } };
  }

  async function end(request: WebhookRequest, secret: NonNullable<typeof client>): Promise<WebhookResponse> {
    const query = new URLSearchParams(request.query);
    if (query.has("error")) return page(403, DENIED);
    const state = query.get("state") ?? "";
    if (!isSame(readCookie(request, cookieName), state)) return page(400, STRANGER);
    const key = `install/${state}`;
    // Deleting tells of two at once which was first.
    const isFirst = (await host.store.get(key)) === true && (await host.store.delete(key));
    if (!isFirst) return page(400, STRANGER);
    const code = query.get("code");
    if (code === null || code === "") return page(400, STRANGER);
    try {
      await keep(await exchange(options, { ...secret, code, redirectUri }), options);
    } catch (error) {
      host.log.warn({ adapter, code: errorCode(error), reason: errorMessage(error) }, "an installation failed");
      const isOurs = error instanceof HobnobError && error.code === "CONFIG_SECRET";
      return isOurs ? page(500, { title: "The token could not be kept", text: error.message }) : page(502, FAILED);
    }
    const done = page(200, DONE);
    return { ...done, headers: { ...done.headers, ...cookie("", 0) } };
  }

  return async (request) => {
    if (client === undefined) return page(404, CLOSED);
    if (request.method !== "GET") return refusal(405, "METHOD_NOT_ALLOWED", "Open it in a browser.", { allow: "GET" });
    return request.path === paths.install ? begin(client) : end(request, client);
  };
}

const DONE = {
  title: "It is connected",
  text: "The bot now sees your Twist as you see it, and nothing else. You can close this page.",
};
const DENIED = {
  title: "Nothing was connected",
  text: "You did not let the bot in. Begin again whenever you like.",
};
const STRANGER = {
  title: "This link cannot be used",
  text: "It is too old, was used before, or belongs to another browser. Begin again.",
};
const FAILED = {
  title: "Twist did not answer as it should",
  text: "Nothing was connected. Begin again in a moment.",
};
const CLOSED = {
  title: "Installing is switched off",
  text: "Set the client id and the client secret of the Twist integration to switch it on.",
};

async function exchange(
  { api, oauthUrl }: InstallOptions,
  grant: { readonly id: string; readonly secret: string; readonly code: string; readonly redirectUri: string },
): Promise<string> {
  const answer = await api.client.call({
    name: "oauth/access_token",
    url: `${oauthUrl}access_token`,
    form: new URLSearchParams({
      client_id: grant.id,
      client_secret: grant.secret,
      code: grant.code,
      redirect_uri: grant.redirectUri,
      grant_type: "authorization_code",
    }),
  });
  const token = isFields(answer.json) ? answer.json.access_token : undefined;
  if (typeof token === "string" && token !== "") return token;
  throw new HobnobError("DELIVERY_FAILED", "Twist answered a code without an access token.");
}

/** Under the person's id in each of their workspaces. */
async function keep(token: string, { api, tokens }: InstallOptions): Promise<void> {
  const [user, workspaces] = await Promise.all([
    api.get("users/get_session_user", {}, { token }),
    api.get("workspaces/get", {}, { token }),
  ]);
  const id = isFields(user) ? idOf(user.id) : undefined;
  const accounts = (Array.isArray(workspaces) ? workspaces : []).flatMap((each) =>
    isFields(each) ? (idOf(each.id) ?? []) : [],
  );
  if (id === undefined || accounts.length === 0) {
    throw new HobnobError("DELIVERY_FAILED", "Twist did not say whose the access token is.");
  }
  for (const account of accounts) await tokens.set(account, id, token);
}

function readCookie({ headers }: WebhookRequest, name: string): string | undefined {
  const { cookie } = headers;
  if (typeof cookie !== "string") return undefined;
  const found = cookie.split(/;\s*/).find((each) => each.startsWith(`${name}=`));
  return found?.slice(name.length + 1);
}
