import { HobnobError } from "../../core/index.ts";
import { readArguments } from "../body.ts";
import type { Faults } from "../faults.ts";
import type { PlatformCall } from "../simulator.ts";
import { answerCall } from "../struck.ts";
import type { Call, Methods } from "./method.ts";
import { createArgs } from "./method.ts";
import { missingScope } from "./scopes.ts";
import type { TokenState } from "./tokens.ts";
import type { Json } from "./wire.ts";
import type { App } from "./workspace.ts";

/** Answers one call of the Web API: the token, its scopes, the faults that are set, the method. Failures are 200 with `ok: false`. */
export function createApi(parts: {
  readonly methods: Methods;
  readonly faults: Faults;
  readonly context: () => Omit<Call, "args" | "app">;
  readonly signal: AbortSignal;
}): (method: string, call: PlatformCall) => Promise<Response> {
  const { methods } = parts;

  async function run(method: string, request: Request): Promise<Response> {
    const values = await readArguments(request);
    if (values === undefined) return json({ ok: false, error: "invalid_json" });
    const known = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (!known) return json({ ok: false, error: "unknown_method", req_method: method });
    const bearer = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    const token = bearer ?? (typeof values.token === "string" ? values.token : undefined);
    const context = parts.context();
    const app = token === undefined ? undefined : context.workspace.appByToken(token);
    if (!app && method !== "api.test") {
      const error = token === undefined ? "not_authed" : REFUSALS[context.workspace.tokens.state(token)];
      return json({ ok: false, error });
    }
    const args = createArgs(values);
    return json(
      (app && missingScope(app, method, args.text("types"))) ?? answer(known, { ...context, app: app!, args }),
      app,
    );
  }

  return (method, call) =>
    answerCall(
      { faults: parts.faults, signal: parts.signal, rateLimited },
      { method, call, run: () => run(method, call.request) },
    );
}

const REFUSALS: Readonly<Record<TokenState, string>> = {
  valid: "account_inactive",
  expired: "token_expired",
  revoked: "token_revoked",
  unknown: "invalid_auth",
};

function answer(method: Methods[string], call: Call): Json {
  try {
    return { ok: true, ...method!(call) };
  } catch (error) {
    if (error instanceof HobnobError) return { ok: false, error: error.code };
    throw error;
  }
}

/** Slack's way of saying "too many". */
export function rateLimited(retryAfter: number): Response {
  const headers = { "retry-after": String(retryAfter) };
  return Response.json({ ok: false, error: "ratelimited" }, { status: 429, headers });
}

function json(body: Json, app?: App): Response {
  return Response.json(body, app && { headers: { "x-oauth-scopes": app.scopes.join(",") } });
}
