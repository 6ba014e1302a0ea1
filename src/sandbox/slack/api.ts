import { HobnobError } from "../../core/index.ts";
import { readArguments } from "../body.ts";
import type { Faults } from "../faults.ts";
import type { PlatformCall } from "../simulator.ts";
import { answerCall } from "../struck.ts";
import type { Call, Methods } from "./method.ts";
import { createArgs } from "./method.ts";
import type { Json } from "./wire.ts";

const SCOPES =
  "app_mentions:read,channels:history,channels:read,chat:write,chat:write.public,commands,files:read,files:write,groups:history,groups:read,im:history,im:read,im:write,mpim:history,mpim:read,reactions:read,reactions:write,team:read,users:read,users:read.email";

/** Answers one call of the Web API: the token, the faults that are set, the method. Failures are 200 with `ok: false`. */
export function createApi(parts: {
  readonly methods: Methods;
  readonly faults: Faults;
  readonly context: () => Omit<Call, "args" | "app">;
  readonly signal: AbortSignal;
}): (method: string, call: PlatformCall) => Promise<Response> {
  const { methods } = parts;

  async function run(method: string, request: Request): Promise<Json> {
    const values = await readArguments(request);
    if (values === undefined) return { ok: false, error: "invalid_json" };
    const run = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (!run) return { ok: false, error: "unknown_method", req_method: method };
    const bearer = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    const token = bearer ?? (typeof values.token === "string" ? values.token : undefined);
    const context = parts.context();
    const app = token === undefined ? undefined : context.workspace.appByToken(token);
    if (!app && method !== "api.test") return { ok: false, error: token === undefined ? "not_authed" : "invalid_auth" };
    try {
      return { ok: true, ...run({ ...context, app: app!, args: createArgs(values) }) };
    } catch (error) {
      if (error instanceof HobnobError) return { ok: false, error: error.code };
      throw error;
    }
  }

  return (method, call) =>
    answerCall(
      { faults: parts.faults, signal: parts.signal, rateLimited },
      { method, call, run: async () => json(await run(method, call.request)) },
    );
}

function rateLimited(retryAfter: number): Response {
  return json({ ok: false, error: "ratelimited" }, { status: 429, headers: { "retry-after": String(retryAfter) } });
}

function json(
  body: Json,
  init: { readonly status?: number; readonly headers?: Record<string, string> } = {},
): Response {
  return Response.json(body, { status: init.status ?? 200, headers: { ...init.headers, "x-oauth-scopes": SCOPES } });
}
