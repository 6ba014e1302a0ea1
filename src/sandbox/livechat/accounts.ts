import type { Tokens } from "./tokens.ts";
import type { App, Json, World } from "./world.ts";

/** LiveChat's accounts: the consent page, and the tokens that come of it. https://platform.text.com/docs/authorization */
export interface Accounts {
  /** `GET /`: who may be let in, and on which license. */
  consentPage(query: URLSearchParams): Response;
  /** Somebody says yes: back to the app, with a code. */
  consent(query: URLSearchParams): Response;
  /** `POST /v2/token`: a code or a refresh token for tokens. */
  token(args: Json): Response;
  /** `DELETE /v2/token` */
  revoke(token: string | undefined): Response;
  /** `GET /v2/info` */
  info(token: string | undefined): Response;
}

const SCOPE = "agents-bot--my:rw,chats--access:rw,customers:rw,webhooks.configuration:rw,webhooks.state:rw";

export function createAccounts(world: World, tokens: Tokens, url: () => string): Accounts {
  /** The app that a consent page is asked for, if it is asked for rightly. */
  function appOf(query: URLSearchParams): App | undefined {
    const app = world.appByClient(query.get("client_id"));
    const back = URL.parse(query.get("redirect_uri") ?? "");
    // The redirect URI is one of the app's: here, any at the address of the bot.
    return query.get("response_type") === "code" && back?.origin === new URL(app?.webhook ?? "http://none").origin
      ? app
      : undefined;
  }

  const owned = ({ clientId, organization }: { readonly clientId: string; readonly organization: string }) => ({
    account_id: organization,
    client_id: clientId,
    organization_id: organization,
    scope: SCOPE,
  });

  return {
    consentPage(query) {
      const app = appOf(query);
      if (app === undefined) return html(400, "<h1>Unknown app</h1><p>The client id or the redirect URI is wrong.</p>");
      const links = world.organizations.map(({ id, name, license }) => {
        const target = new URLSearchParams([...query, ["organization", id]]);
        return `<li><a href="${url()}/accounts/consent?${escapeHtml(target.toString())}">${escapeHtml(name)}, license ${license}</a></li>`;
      });
      return html(
        200,
        `<h1>${escapeHtml(app.name)} wants to join LiveChat</h1><p>Allow it on:</p><ul>${links.join("")}</ul>`,
      );
    },

    consent(query) {
      const app = appOf(query);
      const organization = world.organization(query.get("organization") ?? "");
      if (app === undefined || organization === undefined) return html(400, "<h1>Unknown app or license</h1>");
      const redirectUri = query.get("redirect_uri") ?? "";
      const back = new URL(redirectUri);
      back.searchParams.set(
        "code",
        tokens.code({ clientId: app.clientId, organization: organization.id, redirectUri }),
      );
      const state = query.get("state");
      if (state !== null) back.searchParams.set("state", state);
      return new Response(null, { status: 302, headers: { location: back.href } });
    },

    token(args) {
      const app = world.appByClient(args.client_id);
      if (app === undefined || app.clientSecret !== args.client_secret)
        return Response.json({ error: "invalid_client" }, { status: 401 });
      if (args.grant_type === "authorization_code") {
        const grant = tokens.takeCode(String(args.code));
        const isGood = grant?.clientId === app.clientId && grant.redirectUri === args.redirect_uri;
        return isGood ? Response.json({ ...tokens.issue(grant), ...owned(grant) }) : refused("invalid_grant");
      }
      if (args.grant_type !== "refresh_token") return refused("unsupported_grant_type");
      const refreshToken = String(args.refresh_token);
      const grant = tokens.refreshed(refreshToken);
      if (grant?.clientId !== app.clientId) return refused("invalid_grant");
      // Refreshing gives no new refresh token.
      const { refresh_token: _, ...answer } = tokens.issue(grant, refreshToken);
      return Response.json({ ...answer, ...owned(grant) });
    },

    revoke: (token) => (tokens.revoke(token ?? "") ? Response.json({}) : refused("invalid_token", 401)),

    info(token) {
      const grant = tokens.grant(token ?? "");
      if (grant === undefined) return refused("invalid_token", 401);
      return Response.json({ ...owned(grant), license_id: world.organization(grant.organization)?.license });
    },
  };
}

function refused(error: string, status = 400): Response {
  return Response.json({ error }, { status });
}

function html(status: number, body: string): Response {
  return new Response(`<!doctype html><meta charset="utf-8"><title>LiveChat sandbox</title>${body}`, {
    status,
    headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": "default-src 'none'" },
  });
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
