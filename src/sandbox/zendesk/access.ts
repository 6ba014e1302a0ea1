import { fail } from "./method.ts";
import type { User } from "./records.ts";
import type { Tokens } from "./tokens.ts";
import type { App, World } from "./world.ts";

/** Who is behind a call. */
export interface Caller {
  readonly app: App;
  readonly actor: User;
}

/** The caller of a request to what lies below `resource`. @throws HobnobError 401 or 403 */
export type Identify = (request: Request, resource: string) => Caller;

const FORBIDDEN =
  "You do not have access to this page. Please contact the account owner of this help desk for further help.";
/** Resources with scopes of their own; what lies elsewhere belongs to tickets. */
const SCOPES = ["users", "triggers", "webhooks"];

export function createIdentify(world: World, tokens: Tokens): Identify {
  /** By `email/token:TOKEN`, as API tokens are sent. */
  function byBasic(encoded: string): Caller | undefined {
    const [user = "", secret] = Buffer.from(encoded, "base64").toString().split(":");
    const [email = "", kind] = user.split("/");
    const app = world.apps().find(({ oauthToken }) => oauthToken === secret);
    const actor = world.userByEmail(email);
    return kind === "token" && app && actor && actor.role !== "end-user" ? { app, actor } : undefined;
  }

  function byBearer(token: string, accepted: readonly string[]): Caller | undefined {
    const known = world.apps().find(({ oauthToken }) => oauthToken === token);
    if (known) return { app: known, actor: known.user };
    const grant = tokens.grant(token);
    if (grant === undefined) return undefined;
    if (!grant.scopes.some((scope) => accepted.includes(scope))) return fail(403, "Forbidden", FORBIDDEN);
    return { app: grant.app, actor: grant.app.user };
  }

  return (request, resource) => {
    const [kind = "", value = ""] = (request.headers.get("authorization") ?? "").split(" ");
    const right = request.method === "GET" ? "read" : "write";
    const accepted = [right, `${SCOPES.includes(resource) ? resource : "tickets"}:${right}`];
    const caller = kind.toLowerCase() === "basic" ? byBasic(value) : byBearer(value, accepted);
    if (caller === undefined) return fail(401, "Unauthorized", "Couldn't authenticate you");
    const email = request.headers.get("x-on-behalf-of");
    if (email === null) return caller;
    return { ...caller, actor: world.userByEmail(email) ?? fail(403, "Forbidden", FORBIDDEN) };
  };
}
