import { HobnobError } from "../../core/index.ts";
import { readArguments } from "../body.ts";
import type { Faults } from "../faults.ts";
import type { PlatformCall } from "../simulator.ts";
import { answerCall } from "../struck.ts";
import type { Accounts } from "./accounts.ts";
import { agentMethods } from "./agent.ts";
import { configurationMethods } from "./configuration.ts";
import type { Files } from "./files.ts";
import { type Call, fail, type Methods, STATUS } from "./method.ts";
import type { Grant, Tokens } from "./tokens.ts";
import type { App, Json, Person, World } from "./world.ts";

/** The API calls that a fault can be set on. */
export const METHODS: readonly string[] = [
  "token",
  "info",
  "revoke",
  ...Object.keys(configurationMethods),
  ...Object.keys(agentMethods),
  "upload_file",
];

const VERSION = "v3.6";

/** Answers LiveChat's APIs and its accounts; undefined where there is no such path. */
export function createApi(parts: {
  readonly world: World;
  readonly tokens: Tokens;
  readonly accounts: Accounts;
  readonly files: Files;
  readonly faults: Faults;
  readonly signal: AbortSignal;
  readonly context: () => Omit<Call, "args" | "grant" | "requester">;
  /** The personal access token of an app's developer, for this account. */
  readonly personalToken: (app: App) => string;
}): (call: PlatformCall) => Promise<Response | undefined> {
  const { world, tokens, accounts, files, faults, signal } = parts;

  /** Who calls, by token or by personal access token; the latter has to say for which app. */
  function identify(request: Request, args: Json): { readonly grant: Grant; readonly requester: Person } {
    const header = request.headers.get("authorization") ?? "";
    const basic = /^Basic (.+)$/i.exec(header)?.[1];
    if (basic !== undefined) {
      const app = world.apps().find((one) => parts.personalToken(one) === basic);
      const clientId = args.owner_client_id ?? args.client_id ?? app?.clientId;
      if (app === undefined || clientId !== app.clientId) return fail("authentication", "Invalid access token");
      const organization = world.organizations[0]!.id;
      return { grant: { clientId: app.clientId, organization }, requester: ownerOf(organization) };
    }
    const grant = tokens.grant(bearerOf(request) ?? "");
    if (grant === undefined) return fail("authentication", "Invalid access token");
    const requester = grant.bot === undefined ? ownerOf(grant.organization) : world.person(world.bot(grant.bot)?.id);
    return requester ? { grant, requester } : fail("authentication", "Invalid access token");
  }

  function ownerOf(organization: string): Person {
    return world.people().find((one) => one.type === "agent" && !one.isBot && one.organization === organization)!;
  }

  async function run(methods: Methods, method: string, request: Request): Promise<Response> {
    try {
      const args = await readArguments(request);
      if (args === undefined) return fail("validation", "Wrong format of request");
      const caller = identify(request, args);
      if (method === "upload_file") return Response.json(await files.upload(args.file));
      const result = Object.hasOwn(methods, method)
        ? methods[method]!({ ...parts.context(), ...caller, args: withFile(args) })
        : fail("not_found", "No such method");
      return Response.json(result);
    } catch (error) {
      if (error instanceof HobnobError) return refused(error.code, error.message);
      throw error;
    }
  }

  // A file event shows what was uploaded.
  function withFile(args: Json): Json {
    const { event } = args as { readonly event?: Json };
    return event?.type === "file" ? { ...args, event: { ...event, ...files.describe(event.url) } } : args;
  }

  const answer = (method: string, call: PlatformCall, make: () => Response | Promise<Response>) =>
    answerCall({ faults, signal, rateLimited }, { method, call, run: async () => make() });

  return async (call) => {
    const { path, request } = call;
    const parts = path.split("/").filter((part) => part !== "");
    const query = new URL(request.url).searchParams;
    const [room, version, api, action, method, ...rest] = parts;
    if (room === "accounts") {
      const where = `${request.method} ${parts.slice(1).join("/")}`;
      switch (where) {
        case "GET ":
          return accounts.consentPage(query);
        case "GET consent":
          return accounts.consent(query);
        case "GET v2/info":
          return answer("info", call, () => accounts.info(bearerOf(request)));
        case "POST v2/token":
          return answer("token", call, async () => accounts.token((await readArguments(request)) ?? {}));
        case "DELETE v2/token":
          return answer("revoke", call, () => accounts.revoke(bearerOf(request)));
      }
    }
    if (room === "files" && version !== undefined) return files.download(version);
    const methods = api === "agent" ? agentMethods : api === "configuration" ? configurationMethods : undefined;
    if (room !== "api" || methods === undefined || action !== "action" || method === undefined || rest.length > 0) {
      return undefined;
    }
    if (version !== VERSION) return refused("unsupported_version", "Unsupported version");
    if (request.method !== "POST") return undefined;
    return answer(method, call, () => run(methods, method, request));
  };
}

function bearerOf(request: Request): string | undefined {
  return /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
}

function rateLimited(retryAfter: number): Response {
  return Response.json(
    { error: { type: "too_many_requests", message: "Too many requests" } },
    { status: 429, headers: { "retry-after": String(retryAfter) } },
  );
}

function refused(type: string, message: string): Response {
  return Response.json({ error: { type, message } }, { status: STATUS[type] ?? 400 });
}
