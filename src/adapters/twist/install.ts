import { type AdapterHost, HobnobError, type WebhookRequest, type WebhookResponse } from "../../core/index.ts";
import { isFields } from "../shared/fields.ts";
import { createHandshake, nothingToInstall } from "../shared/handshake.ts";
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

// To read what the person reads, and to mute threads for them; what the bot says it says with its own token.
const SCOPES = "user:read,workspaces:read,channels:read,threads:read,threads:write";

/** The pages by which somebody lets the bot see what they see. https://developer.twist.com/v3/#oauth-2 */
export function createInstallPages(options: InstallOptions): (request: WebhookRequest) => Promise<WebhookResponse> {
  const { adapter, host, paths, client, oauthUrl } = options;
  if (client === undefined) return async () => nothingToInstall(adapter);
  const redirectUri = `${host.url}${paths.oauth}`;
  const consentUrl = new URL(`${oauthUrl}authorize`);
  consentUrl.search = new URLSearchParams({
    client_id: client.id,
    scope: SCOPES,
    redirect_uri: redirectUri,
    response_type: "code",
  }).toString();
  return createHandshake({
    adapter,
    platform: "Twist",
    host,
    installPath: paths.install,
    redirectUri,
    consentUrl,
    codeRefused: ["invalid_grant", "an argument is invalid (20)"],
    async install(code) {
      await keep(await exchange(options, { ...client, code, redirectUri }), options);
      return {
        title: "It is connected",
        text: "The bot now sees your Twist as you see it, and nothing else. You can close this page.",
      };
    },
  });
}

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
