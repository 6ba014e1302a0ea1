import { HobnobError } from "../../core/index.ts";
import { readArguments } from "../body.ts";
import type { Faults } from "../faults.ts";
import type { PlatformCall } from "../simulator.ts";
import { answerCall } from "../struck.ts";
import type { Identify } from "./access.ts";
import { createIdempotency, createLimits } from "./limits.ts";
import { type Call, fail, type Methods, notFound, refused } from "./method.ts";
import type { OAuth } from "./oauth.ts";
import { peopleMethods } from "./people.ts";
import { ruleMethods } from "./rules.ts";
import { searchMethods } from "./search.ts";
import { ticketMethods } from "./tickets.ts";
import { uploadMethods } from "./uploads.ts";
import type { Json } from "./wire.ts";

const methods: Methods = { ...ticketMethods, ...peopleMethods, ...searchMethods, ...uploadMethods, ...ruleMethods };

/** The calls a fault can be set on, by the names of Zendesk's own description of the API. */
export const METHODS: readonly string[] = ["CreateTokenForGrantType", ...Object.keys(methods)];

/** Below `/api/v2/`; of two that fit, the first is meant. */
const ROUTES: readonly (readonly [verb: string, path: string, method: string])[] = [
  ["GET", "tickets", "ListTickets"],
  ["POST", "tickets", "CreateTicket"],
  ["GET", "tickets/count", "CountTickets"],
  ["GET", "tickets/show_many", "TicketsShowMany"],
  ["GET", "tickets/{id}", "ShowTicket"],
  ["PUT", "tickets/{id}", "UpdateTicket"],
  ["DELETE", "tickets/{id}", "DeleteTicket"],
  ["GET", "tickets/{id}/comments", "ListTicketComments"],
  ["PUT", "tickets/{id}/tags", "PutTagsTicket"],
  ["POST", "tickets/{id}/tags", "SetTagsTicket"],
  ["DELETE", "tickets/{id}/tags", "DeleteTagsTicket"],
  ["GET", "users/me", "ShowCurrentUser"],
  ["GET", "users/search", "SearchUsers"],
  ["GET", "users/show_many", "ShowManyUsers"],
  ["POST", "users/create_or_update", "CreateOrUpdateUser"],
  ["POST", "users", "CreateUser"],
  ["GET", "users/{id}", "ShowUser"],
  ["GET", "groups", "ListGroups"],
  ["GET", "groups/{id}", "ShowGroupById"],
  ["GET", "search", "ListSearchResults"],
  ["GET", "search/count", "CountSearchResults"],
  ["POST", "uploads", "UploadFiles"],
  ["DELETE", "uploads/{id}", "DeleteUpload"],
  ["GET", "attachments/{id}", "ShowAttachment"],
  ["GET", "triggers", "ListTriggers"],
  ["POST", "triggers", "CreateTrigger"],
  ["GET", "triggers/{id}", "ShowTrigger"],
  ["PUT", "triggers/{id}", "UpdateTrigger"],
  ["DELETE", "triggers/{id}", "DeleteTrigger"],
  ["GET", "webhooks", "ListWebhooks"],
  ["GET", "webhooks/{id}/signing_secret", "ShowSigningSecret"],
];

export interface Api {
  /** Answers a call of the API; `path` begins below `/api/v2/`. */
  answer(path: string, call: PlatformCall): Promise<Response>;
  /** Answers `POST /oauth/tokens`. */
  token(call: PlatformCall): Promise<Response>;
  reset(): void;
}

/** The Support API. https://developer.zendesk.com/api-reference/ticketing/introduction/ */
export function createApi(parts: {
  readonly identify: Identify;
  readonly oauth: Pick<OAuth, "token">;
  readonly faults: Faults;
  readonly signal: AbortSignal;
  readonly context: () => Omit<Call, "request" | "query" | "body" | "ids" | "doer">;
}): Api {
  const { identify, oauth, faults, signal, context } = parts;
  const limits = createLimits();
  const idempotency = createIdempotency();

  async function run(found: Found | undefined, resource: string, request: Request): Promise<Response> {
    try {
      const actor = identify(request, resource);
      if (found === undefined) return notFound();
      const isUpload = found.method === "UploadFiles";
      const body = isUpload ? {} : await readArguments(request);
      if (body === undefined) return fail(400, "InvalidRequest", "The body is not JSON");
      const query = new URL(request.url).searchParams;
      const doer = { actor, channel: "api" as const };
      const make = async () => {
        const result = await methods[found.method]!({ ...context(), request, query, body, ids: found.ids, doer });
        return result instanceof Response ? result : Response.json(result);
      };
      const key = found.method === "CreateTicket" ? request.headers.get("idempotency-key") : null;
      return await idempotency.answer(key, body as Json, make);
    } catch (error) {
      if (error instanceof HobnobError) return refused(error);
      throw error;
    }
  }

  return {
    async answer(path, call) {
      const parts = path.replace(/\.json$/, "").split("/");
      const found = findRoute(call.request.method, parts);
      const headers = limits.count();
      const counted = (response: Response) => {
        for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
        return response;
      };
      return answerCall(
        { faults, signal, rateLimited: (retryAfter) => counted(rateLimited(retryAfter)) },
        {
          method: found?.method ?? "",
          call,
          run: async () => counted(await run(found, parts[0] ?? "", call.request)),
        },
      );
    },
    token: (call) =>
      answerCall(
        { faults, signal, rateLimited },
        { method: "CreateTokenForGrantType", call, run: () => oauth.token(call.request) },
      ),
    reset: () => idempotency.reset(),
  };
}

interface Found {
  readonly method: string;
  readonly ids: readonly string[];
}

function findRoute(verb: string, parts: readonly string[]): Found | undefined {
  for (const [wanted, path, method] of ROUTES) {
    const pattern = path.split("/");
    if (wanted !== verb || pattern.length !== parts.length) continue;
    if (!pattern.every((part, at) => part === "{id}" || part === parts[at])) continue;
    return { method, ids: parts.filter((_, at) => pattern[at] === "{id}") };
  }
  return undefined;
}

function rateLimited(retryAfter: number): Response {
  const body = {
    error: "TooManyRequests",
    description: "Rate limit exceeded, please wait before making more requests",
  };
  return Response.json(body, { status: 429, headers: { "retry-after": String(retryAfter) } });
}
