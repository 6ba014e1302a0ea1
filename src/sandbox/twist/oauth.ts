import { randomBytes } from "node:crypto";
import { readArguments } from "../body.ts";
import type { App, Person, Workspace } from "./workspace.ts";

/** OAuth: a person lets a bot in, and the bot gets a token for what that person sees. */
export interface OAuth {
  /** The page where somebody is asked; here they say yes at once, or no with `?deny=1`. */
  authorize(request: Request, person: Person): Response;
  token(request: Request): Promise<Response>;
  personByToken(token: string): Person | undefined;
  /** Takes back every code and token. */
  revoke(): void;
}

interface Grant {
  readonly app: App;
  readonly person: Person;
  readonly redirectUri: string;
}

export function createOAuth(workspace: Workspace): OAuth {
  const codes = new Map<string, Grant>();
  const tokens = new Map<string, Person>();

  return {
    authorize(request, person) {
      const { searchParams: asked } = new URL(request.url);
      const app = workspace.appByClient(asked.get("client_id") ?? "");
      const redirectUri = asked.get("redirect_uri") ?? "";
      if (!app) return new Response("Unknown client_id", { status: 400 });
      // A code that went to another address would be another's.
      if (!URL.canParse(redirectUri) || new URL(redirectUri).origin !== new URL(app.webhook).origin) {
        return new Response("redirect_uri is not registered", { status: 400 });
      }
      if (asked.get("response_type") !== "code") return new Response("response_type must be code", { status: 400 });
      const back = new URL(redirectUri);
      back.searchParams.set("state", asked.get("state") ?? "");
      if (asked.has("deny")) back.searchParams.set("error", "access_denied");
      else {
        const code = randomBytes(12).toString("hex");
        codes.set(code, { app, person, redirectUri });
        back.searchParams.set("code", code);
      }
      return new Response(null, { status: 302, headers: { location: back.href } });
    },

    async token(request) {
      const values = (await readArguments(request)) ?? {};
      if (values.grant_type !== "authorization_code") return refused("unsupported_grant_type");
      const code = String(values.code);
      const grant = codes.get(code);
      if (!grant || grant.redirectUri !== values.redirect_uri) return refused("invalid_grant");
      const { clientId, clientSecret } = grant.app;
      if (values.client_id !== clientId || values.client_secret !== clientSecret) return refused("invalid_client");
      codes.delete(code);
      const token = `user_${randomBytes(12).toString("hex")}`;
      tokens.set(token, grant.person);
      return Response.json({ access_token: token, token_type: "Bearer" });
    },

    personByToken: (token) => tokens.get(token),

    revoke() {
      codes.clear();
      tokens.clear();
    },
  };
}

function refused(error: string): Response {
  return Response.json({ error }, { status: 400 });
}
