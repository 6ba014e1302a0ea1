import { HobnobError } from "../../core/index.ts";
import type { Fault, Faults } from "../faults.ts";
import type { PlatformCall } from "../simulator.ts";
import type { Call, Methods } from "./method.ts";
import { createArgs } from "./method.ts";
import type { Json } from "./wire.ts";

const LONGEST_SILENCE = 30_000;
const SCOPES =
  "app_mentions:read,channels:history,channels:read,chat:write,chat:write.public,commands,files:read,files:write,groups:history,groups:read,im:history,im:read,im:write,mpim:history,mpim:read,reactions:read,reactions:write,team:read,users:read,users:read.email";

/** Answers one call of the Web API: the token, the faults that are set, the method. Failures are 200 with `ok: false`. */
export function createApi(parts: {
  readonly methods: Methods;
  readonly faults: Faults;
  readonly context: () => Omit<Call, "args" | "app">;
  readonly signal: AbortSignal;
}): (method: string, call: PlatformCall) => Promise<Response> {
  const { methods, faults } = parts;

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

  return async (method, { request, drop }) => {
    const fault = faults.takeCall(method);
    if (fault && fault.kind !== "lost-answer") return struck(fault, { request, drop, signal: parts.signal });
    const answer = await run(method, request);
    return fault ? drop() : json(answer);
  };
}

async function struck(
  fault: Fault,
  call: { readonly request: Request; readonly drop: () => Response; readonly signal: AbortSignal },
): Promise<Response> {
  if (fault.kind === "429") {
    return json(
      { ok: false, error: "ratelimited" },
      { status: 429, headers: { "retry-after": String(fault.retryAfter) } },
    );
  }
  if (fault.kind === "500") return new Response("Internal Server Error", { status: 500 });
  await silence(AbortSignal.any([call.request.signal, call.signal]));
  return call.drop();
}

function silence(until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (until.aborted) return resolve();
    const timer = setTimeout(resolve, LONGEST_SILENCE);
    until.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function json(
  body: Json,
  init: { readonly status?: number; readonly headers?: Record<string, string> } = {},
): Response {
  return Response.json(body, { status: init.status ?? 200, headers: { ...init.headers, "x-oauth-scopes": SCOPES } });
}

async function readArguments(request: Request): Promise<Readonly<Record<string, unknown>> | undefined> {
  const query = Object.fromEntries(new URL(request.url).searchParams);
  const type = request.headers.get("content-type") ?? "";
  if (type.startsWith("multipart/form-data")) return { ...query, ...Object.fromEntries(await request.formData()) };
  const body = await request.text();
  if (!type.startsWith("application/json")) return { ...query, ...Object.fromEntries(new URLSearchParams(body)) };
  try {
    const value: unknown = body === "" ? {} : JSON.parse(body);
    return typeof value === "object" && value !== null ? { ...query, ...value } : undefined;
  } catch {
    return undefined;
  }
}
