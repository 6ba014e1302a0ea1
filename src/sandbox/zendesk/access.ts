import { fail } from "./method.ts";
import type { User } from "./records.ts";
import type { Tokens } from "./tokens.ts";
import type { World } from "./world.ts";

/** Who calls what lies below `resource`. @throws HobnobError 401 or 403 */
export type Identify = (request: Request, resource: string) => User;

const FORBIDDEN =
  "You do not have access to this page. Please contact the account owner of this help desk for further help.";
/** Resources with scopes of their own; what lies elsewhere belongs to tickets. */
const SCOPES = ["users", "triggers", "webhooks"];

export function createIdentify(world: World, tokens: Tokens): Identify {
  /** By `email/token:TOKEN`, as API tokens are sent. */
  function byBasic(encoded: string): User | undefined {
    const [name = "", secret] = Buffer.from(encoded, "base64").toString().split(":");
    const [email = "", kind] = name.split("/");
    const isKnown = kind === "token" && world.apps().some(({ oauthToken }) => oauthToken === secret);
    const user = world.userByEmail(email);
    return isKnown && user?.role !== "end-user" ? user : undefined;
  }

  function byBearer(token: string, accepted: readonly string[]): User | undefined {
    const known = world.apps().find(({ oauthToken }) => oauthToken === token);
    if (known) return known.user;
    const grant = tokens.grant(token);
    if (grant === undefined) return undefined;
    if (!grant.scopes.some((scope) => accepted.includes(scope))) return fail(403, "Forbidden", FORBIDDEN);
    return grant.app.user;
  }

  return (request, resource) => {
    const [kind = "", value = ""] = (request.headers.get("authorization") ?? "").split(" ");
    const right = request.method === "GET" ? "read" : "write";
    const accepted = [right, `${SCOPES.includes(resource) ? resource : "tickets"}:${right}`];
    const caller = kind.toLowerCase() === "basic" ? byBasic(value) : byBearer(value, accepted);
    if (caller === undefined) return fail(401, "Unauthorized", "Couldn't authenticate you");
    const email = request.headers.get("x-on-behalf-of");
    return email === null ? caller : (world.userByEmail(email) ?? fail(403, "Forbidden", FORBIDDEN));
  };
}
