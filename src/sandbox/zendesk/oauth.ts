import { createHash } from "node:crypto";
import { readArguments } from "../body.ts";
import type { Tokens } from "./tokens.ts";
import type { Json } from "./wire.ts";
import type { App, World } from "./world.ts";

/** Zendesk's pages and calls of OAuth. https://support.zendesk.com/hc/en-us/articles/4408845965210 */
export interface OAuth {
  /** `GET /oauth/authorizations/new`: somebody is asked whether the bot may come in. */
  consentPage(query: URLSearchParams): Response;
  /** Somebody has said yes or no: back to the bot. */
  consent(query: URLSearchParams): Response;
  /** `POST /oauth/tokens` https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/ */
  token(request: Request): Promise<Response>;
}

const ACCESS = { shortest: 300, longest: 172_800 };
const REFRESH = { shortest: 604_800, longest: 7_776_000, usual: 2_592_000 };

export function createOAuth(world: World, tokens: Tokens, url: () => string): OAuth {
  const appOf = (id: unknown) => world.apps().find(({ name }) => name === id);

  /** The bot that a consent page is for, if it is asked for rightly. */
  function asked(query: URLSearchParams): App | undefined {
    const app = appOf(query.get("client_id"));
    const back = URL.parse(query.get("redirect_uri") ?? "");
    const isRight =
      query.get("response_type") === "code" && back?.origin === new URL(app?.webhook ?? "http://none").origin;
    return isRight ? app : undefined;
  }

  function issue(app: App, scope: unknown, given: Json, hasRefresh: boolean): Response {
    const access = lifeOf(given.expires_in, { ...ACCESS, usual: ACCESS.longest });
    const refresh = lifeOf(given.refresh_token_expires_in, REFRESH);
    if (access === undefined || refresh === undefined) return refusal("invalid_request", 400);
    // A list is taken for no scope at all: the token is good for nothing.
    const scopes = typeof scope === "string" ? scope.split(" ") : [];
    const pair = tokens.issue({ app, scopes }, { access, refresh: hasRefresh ? refresh : undefined });
    const answer = {
      access_token: pair.access,
      token_type: "bearer",
      scope: scopes.join(" "),
      expires_in: access,
      ...(hasRefresh && { refresh_token: pair.refresh, refresh_token_expires_in: refresh }),
    };
    return Response.json(answer, { status: 201 });
  }

  return {
    consentPage(query) {
      const app = asked(query);
      if (app === undefined)
        return html(400, "<h1>Invalid authorization request</h1><p>The client or the redirect URL is wrong.</p>");
      const link = (answer: string) => {
        const target = new URLSearchParams([...query, ["answer", answer]]);
        return `<a href="${url()}/oauth/authorizations/consent?${escapeHtml(target.toString())}">${answer}</a>`;
      };
      return html(
        200,
        `<h1>${escapeHtml(app.name)} wants to use your Zendesk</h1><p>${link("Allow")} ${link("Deny")}</p>`,
      );
    },

    consent(query) {
      const app = asked(query);
      if (app === undefined) return html(400, "<h1>Invalid authorization request</h1>");
      const redirectUri = query.get("redirect_uri") ?? "";
      const back = new URL(redirectUri);
      if (query.get("answer") === "Allow") {
        const scopes = (query.get("scope") ?? "").split(" ");
        const challenge = query.get("code_challenge") ?? undefined;
        back.searchParams.set("code", tokens.code({ app, scopes, redirectUri, challenge }));
      } else back.searchParams.set("error", "access_denied");
      const state = query.get("state");
      if (state !== null) back.searchParams.set("state", state);
      return new Response(null, { status: 302, headers: { location: back.href } });
    },

    async token(request) {
      const given: Json = (await readArguments(request)) ?? {};
      const app = appOf(given.client_id);
      const isProven = app !== undefined && given.client_secret === app.oauthToken;
      switch (given.grant_type) {
        case "client_credentials":
          return isProven ? issue(app, given.scope, given, false) : refusal("invalid_client", 401);
        case "authorization_code": {
          const consent = tokens.takeCode(String(given.code));
          const isRight = consent !== undefined && consent.app === app && consent.redirectUri === given.redirect_uri;
          if (!isRight || !fitsChallenge(consent.challenge, given.code_verifier)) return refusal("invalid_grant", 400);
          // A client that keeps no secret proves by PKCE that it is the same.
          const isSame = isProven || (given.client_secret === undefined && consent.challenge !== undefined);
          return isSame ? issue(app, consent.scopes.join(" "), given, true) : refusal("invalid_client", 401);
        }
        case "refresh_token": {
          if (!isProven) return refusal("invalid_client", 401);
          const grant = tokens.takeRefresh(String(given.refresh_token));
          return grant?.app === app ? issue(app, grant.scopes.join(" "), given, true) : refusal("invalid_grant", 400);
        }
        default:
          return refusal("unsupported_grant_type", 400);
      }
    },
  };
}

function fitsChallenge(challenge: string | undefined, verifier: unknown): boolean {
  if (challenge === undefined) return true;
  return createHash("sha256").update(String(verifier)).digest("base64url") === challenge;
}

/** Seconds; undefined when they are not allowed. */
function lifeOf(
  given: unknown,
  { shortest, longest, usual }: { readonly shortest: number; readonly longest: number; readonly usual: number },
): number | undefined {
  const life = given === undefined ? usual : Number(given);
  return life >= shortest && life <= longest ? life : undefined;
}

function refusal(error: string, status: number): Response {
  return Response.json({ error, error_description: `The token was refused: ${error}` }, { status });
}

function html(status: number, body: string): Response {
  return new Response(`<!doctype html><meta charset="utf-8"><title>Zendesk sandbox</title>${body}`, {
    status,
    headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": "default-src 'none'" },
  });
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
