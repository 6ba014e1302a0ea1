import type { Faults } from "../faults.ts";
import type { PlatformCall } from "../simulator.ts";
import { answerCall } from "../struck.ts";
import type { Access } from "./access.ts";
import { type Call, invalid, type Operation, type Operations, Problem } from "./method.ts";
import { readMultipart } from "./multipart.ts";
import type { Json } from "./wire.ts";

/** Answers one call of API v2: whose it is, the faults that are set, the operation. Undefined: there is no such path. */
export function createApi(parts: {
  readonly operations: Operations;
  readonly access: Access;
  readonly faults: Faults;
  readonly signal: AbortSignal;
  readonly context: () => Pick<Call, "world" | "url" | "actions">;
}): (path: string, call: PlatformCall) => Promise<Response> | undefined {
  const operations = Object.entries(parts.operations).map(([name, operation]) => ({
    name,
    operation,
    pattern: new RegExp(`^${operation.path.replace(/:(\w+)/g, "(?<$1>[^/]+)")}$`),
  }));

  async function run(operation: Operation, path: Call["path"], request: Request): Promise<Response> {
    const caller = parts.access(request);
    if (caller === undefined) return answer(new Problem(401, "Unauthorized", "Unauthorized").problem, 401);
    if (operation.auth !== "any" && operation.auth !== caller.as) {
      const detail = `Authenticating with ${caller.as === "app" ? "OAuth 2.0 Application-Only" : "OAuth 1.0a User Context"} is forbidden for this endpoint.`;
      const type = "https://api.x.com/2/problems/unsupported-authentication";
      return answer(new Problem(403, "Unsupported Authentication", detail, type).problem, 403);
    }
    try {
      const body = await readBody(request);
      const query = new URL(request.url).searchParams;
      const given = await operation.run({ ...parts.context(), app: caller.app, path, query, body });
      return answer(given, operation.status ?? 200);
    } catch (error) {
      if (error instanceof Problem) return answer(error.problem, error.status);
      throw error;
    }
  }

  return (path, call) => {
    const { request } = call;
    const found = operations.find(
      ({ operation, pattern }) => operation.method === request.method && pattern.test(path),
    );
    if (found === undefined) return undefined;
    const { name, operation, pattern } = found;
    return answerCall(
      { faults: parts.faults, signal: parts.signal, rateLimited },
      { method: name, call, run: () => run(operation, { ...pattern.exec(path)?.groups }, request) },
    );
  };
}

const WINDOW = 900;

function answer(body: Json, status: number): Response {
  return Response.json(body, {
    status,
    headers: {
      "content-type": status < 400 ? "application/json; charset=utf-8" : "application/problem+json",
      "x-access-level": "read-write-directmessages",
      "x-rate-limit-limit": "100",
      "x-rate-limit-remaining": "99",
      "x-rate-limit-reset": String(Math.floor(Date.now() / 1000) + WINDOW),
    },
  });
}

// X says the second at which it takes calls again, and has no Retry-After.
function rateLimited(retryAfter: number): Response {
  return Response.json(new Problem(429, "Too Many Requests", "Too Many Requests").problem, {
    status: 429,
    headers: {
      "content-type": "application/problem+json",
      "x-rate-limit-limit": "100",
      "x-rate-limit-remaining": "0",
      "x-rate-limit-reset": String(Math.ceil(Date.now() / 1000 + retryAfter)),
    },
  });
}

async function readBody(request: Request): Promise<Json> {
  const type = request.headers.get("content-type") ?? "";
  try {
    if (type.startsWith("multipart/form-data")) {
      return Object.fromEntries(readMultipart(Buffer.from(await request.arrayBuffer()), type));
    }
    const text = await request.text();
    const value: unknown = text === "" ? {} : JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Answered below.
  }
  throw invalid("One or more parameters to your request was invalid.");
}
