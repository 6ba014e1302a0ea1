import { readArguments } from "../body.ts";
import { freshSecret } from "./ids.ts";
import { fail } from "./method.ts";
import type { App, User, World } from "./world.ts";

/** Who is behind a call. */
export interface Caller {
  readonly app: App;
  readonly actor: User;
}

interface Grant {
  readonly app: App;
  readonly scopes: readonly string[];
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** Who may call the API, and the tokens that say so. */
export interface Access {
  /** `POST /oauth/tokens` https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/ */
  token(request: Request): Promise<Response>;
  /** The caller of a request to what lies below `resource`. @throws HobnobError 401 or 403 */
  identify(request: Request, resource: string): Caller;
}

const SHORTEST_LIFE = 300;
const LONGEST_LIFE = 172_800;
const FORBIDDEN =
  "You do not have access to this page. Please contact the account owner of this help desk for further help.";
/** Which scope opens what is no resource of its own name. */
const SCOPE_OF: Readonly<Record<string, string>> = { users: "users", triggers: "triggers", webhooks: "webhooks" };

export function createAccess(world: World): Access {
  const grants = new Map<string, Grant>();

  /** By `email/token:TOKEN`, as API tokens are sent. */
  function byBasic(encoded: string): Caller | undefined {
    const [user = "", secret] = Buffer.from(encoded, "base64").toString().split(":");
    const [email = "", kind] = user.split("/");
    const app = world.apps().find(({ oauthToken }) => oauthToken === secret);
    const actor = world.userByEmail(email);
    return kind === "token" && app && actor && actor.role !== "end-user" ? { app, actor } : undefined;
  }

  function byBearer(token: string, scope: readonly string[]): Caller {
    const known = world.apps().find(({ oauthToken }) => oauthToken === token);
    if (known) return { app: known, actor: known.user };
    const grant = grants.get(token);
    if (grant === undefined || grant.until < Date.now()) return unknownCaller();
    if (!grant.scopes.some((one) => scope.includes(one))) return fail(403, "Forbidden", FORBIDDEN);
    return { app: grant.app, actor: grant.app.user };
  }

  return {
    async token(request) {
      const { grant_type, client_id, client_secret, scope, expires_in } = (await readArguments(request)) ?? {};
      const app = world.apps().find(({ name }) => name === client_id);
      if (grant_type !== "client_credentials") return refusal("unsupported_grant_type", 400);
      if (app?.oauthToken !== client_secret) return refusal("invalid_client", 401);
      const life = expires_in === undefined ? LONGEST_LIFE : Number(expires_in);
      if (!(life >= SHORTEST_LIFE && life <= LONGEST_LIFE)) return refusal("invalid_request", 400);
      const token = freshSecret();
      // A list is taken for no scope at all: the token is good for nothing.
      const scopes = typeof scope === "string" ? scope.split(" ") : [];
      grants.set(token, { app: app!, scopes, until: Date.now() + life * 1000 });
      const answer = { access_token: token, token_type: "bearer", scope: scopes.join(" "), expires_in: life };
      return Response.json(answer, { status: 201 });
    },

    identify(request, resource) {
      const [kind = "", value = ""] = (request.headers.get("authorization") ?? "").split(" ");
      const right = request.method === "GET" ? "read" : "write";
      const scope = [right, `${SCOPE_OF[resource] ?? "tickets"}:${right}`];
      const caller = kind.toLowerCase() === "basic" ? (byBasic(value) ?? unknownCaller()) : byBearer(value, scope);
      const email = request.headers.get("x-on-behalf-of");
      if (email === null) return caller;
      return { ...caller, actor: world.userByEmail(email) ?? fail(403, "Forbidden", FORBIDDEN) };
    },
  };
}

function unknownCaller(): never {
  return fail(401, "Unauthorized", "Couldn't authenticate you");
}

function refusal(error: string, status: number): Response {
  return Response.json({ error, error_description: `The token was refused: ${error}` }, { status });
}
