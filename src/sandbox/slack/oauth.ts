import { randomBytes } from "node:crypto";
import { readArguments } from "../body.ts";
import type { Faults } from "../faults.ts";
import type { PlatformCall } from "../simulator.ts";
import { answerCall } from "../struck.ts";
import { rateLimited } from "./api.ts";
import type { Place } from "./place.ts";
import { ALL_SCOPES } from "./scopes.ts";
import type { Grant } from "./tokens.ts";
import type { Json } from "./wire.ts";
import type { App } from "./workspace.ts";

/** What stands behind a code. */
interface Consent {
  readonly app: App;
  readonly place: Place;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  /** Milliseconds since 1970. */
  readonly until: number;
}

const CODE_LIFE = 600_000;

/** The page where people allow an app, and the endpoint that gives tokens for it. https://docs.slack.dev/authentication/installing-with-oauth */
export function createOAuth(parts: {
  /** Where the apps are registered. */
  readonly home: Place;
  readonly places: readonly Place[];
  readonly url: () => string;
  readonly faults: Faults;
  readonly signal: AbortSignal;
}) {
  const { home, places, faults, signal } = parts;
  const codes = new Map<string, Consent>();
  const used = new Set<string>();

  function appOf(clientId: string | null): App | undefined {
    return home.workspace.apps().find((app) => app.clientId === clientId);
  }

  function exchange(app: App, values: Readonly<Record<string, unknown>>): Json {
    const code = String(values.code ?? "");
    const consent = codes.get(code);
    if (used.has(code)) return refusal("code_already_used");
    if (consent === undefined || consent.app.name !== app.name || consent.until < Date.now()) {
      return refusal("invalid_code");
    }
    if (values.redirect_uri !== consent.redirectUri) return refusal("bad_redirect_uri");
    codes.delete(code);
    used.add(code);
    const installed = consent.place.workspace.install(app, consent.scopes);
    return wireGrant(installed, consent.place, installed.grant);
  }

  function refresh(app: App, values: Readonly<Record<string, unknown>>): Json {
    const refreshToken = String(values.refresh_token ?? "");
    for (const place of places) {
      const grant = place.workspace.tokens.refresh(refreshToken);
      const installed = place.workspace.apps().find(({ name }) => name === app.name);
      if (grant !== undefined && installed !== undefined) return wireGrant(installed, place, grant);
    }
    return refusal("invalid_refresh_token");
  }

  async function answer(request: Request): Promise<Json> {
    const values = (await readArguments(request)) ?? {};
    const basic = /^Basic (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    const [id, secret] =
      basic === undefined
        ? [values.client_id, values.client_secret]
        : Buffer.from(basic, "base64").toString().split(":");
    const app = appOf(String(id ?? ""));
    if (app === undefined) return refusal("invalid_client_id");
    if (secret !== app.clientSecret) return refusal("bad_client_secret");
    switch (values.grant_type ?? "authorization_code") {
      case "authorization_code":
        return exchange(app, values);
      case "refresh_token":
        return refresh(app, values);
      default:
        return refusal("invalid_grant_type");
    }
  }

  return {
    url: () => `${parts.url()}/oauth/v2/authorize`,

    /** GET shows who asks for what; POST is a person's decision. */
    async authorize(request: Request): Promise<Response> {
      const { searchParams } = new URL(request.url);
      const app = appOf(searchParams.get("client_id"));
      if (app === undefined) return page(400, "<h1>Something went wrong</h1><p>Slack error: invalid_client_id</p>");
      const redirectUri = searchParams.get("redirect_uri") ?? "";
      // The redirect URLs of a simulated app: all on the bot's own origin.
      if (!URL.canParse(redirectUri) || new URL(redirectUri).origin !== new URL(app.webhook).origin) {
        return page(400, "<h1>Something went wrong</h1><p>Slack error: bad_redirect_uri</p>");
      }
      const scopes = (searchParams.get("scope") ?? "").split(",").filter((scope) => scope !== "");
      const unknown = scopes.find((scope) => !ALL_SCOPES.includes(scope));
      if (scopes.length === 0 || unknown !== undefined) {
        return page(400, `<h1>Something went wrong</h1><p>Slack error: invalid_scope ${escapeHtml(unknown ?? "")}</p>`);
      }
      if (request.method !== "POST") return consentPage({ app, scopes, places });

      const decision = await readArguments(request);
      const place = places.find(({ workspace }) => workspace.team.domain === decision?.team);
      const back = new URL(redirectUri);
      if (place === undefined) back.searchParams.set("error", "access_denied");
      else {
        const code = randomBytes(16).toString("hex");
        codes.set(code, { app, place, redirectUri, scopes, until: Date.now() + CODE_LIFE });
        back.searchParams.set("code", code);
      }
      back.searchParams.set("state", searchParams.get("state") ?? "");
      return new Response(null, { status: 302, headers: { location: back.href } });
    },

    /** The method `oauth.v2.access`. */
    access: (call: PlatformCall): Promise<Response> =>
      answerCall(
        { faults, signal, rateLimited },
        { method: "oauth.v2.access", call, run: async () => Response.json(await answer(call.request)) },
      ),

    reset(): void {
      codes.clear();
      used.clear();
    },
  };
}

function refusal(error: string): Json {
  return { ok: false, error };
}

function wireGrant(app: App, { workspace: { team } }: Place, { token, refreshToken, expiresIn }: Grant): Json {
  return {
    ok: true,
    app_id: app.user.bot.appId,
    authed_user: {},
    scope: app.scopes.join(","),
    token_type: "bot",
    access_token: token,
    bot_user_id: app.user.id,
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken, expires_in: expiresIn }),
    team: { id: team.id, name: team.name },
    enterprise: null,
    is_enterprise_install: false,
  };
}

function consentPage(asked: {
  readonly app: App;
  readonly scopes: readonly string[];
  readonly places: readonly Place[];
}): Response {
  const { app, scopes, places } = asked;
  const buttons = places.map(
    ({ workspace: { team } }) =>
      `<button name="team" value="${team.domain}">Allow in ${escapeHtml(team.name)}</button>`,
  );
  return page(
    200,
    `<h1>${escapeHtml(app.user.name)} asks for access</h1><p>It wants: ${escapeHtml(scopes.join(", "))}.</p>
<form method="post">${buttons.join(" ")} <button name="team" value="">Cancel</button></form>`,
  );
}

function page(status: number, body: string): Response {
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Slack sandbox</title>
<style>body{font:1.1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}</style>
${body}</html>`;
  return new Response(html, {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    },
  });
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
