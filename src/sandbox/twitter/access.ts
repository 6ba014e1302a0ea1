import { readOAuthHeader, type SignedRequest, signRequest } from "./signature.ts";
import type { App, World } from "./world.ts";

/** Whose call it is, and with whose credentials: the account's, or only the app's. */
export interface Caller {
  readonly app: App;
  readonly as: "user" | "app";
}

/** Tells callers by their Authorization header; undefined is nobody, or somebody with a wrong signature. */
export type Access = (request: Request) => Caller | undefined;

const MOST_SKEW = 300;
const KEPT = 10_000;

export function createAccess(world: World): Access {
  const nonces = new Set<string>();

  return (request) => {
    const header = request.headers.get("authorization") ?? "";
    const bearer = /^Bearer (.+)$/.exec(header)?.[1];
    if (bearer !== undefined) {
      const app = world.apps().find(({ bearerToken }) => bearerToken === bearer);
      return app && { app, as: "app" };
    }
    const given = readOAuthHeader(header);
    const app = world.apps().find(({ appKey }) => appKey === given?.get("oauth_consumer_key"));
    if (given === undefined || app === undefined || app.accessToken !== given.get("oauth_token")) return undefined;
    const skew = Math.abs(Number(given.get("oauth_timestamp")) - Date.now() / 1000);
    const nonce = given.get("oauth_nonce") ?? "";
    if (!(skew <= MOST_SKEW) || nonce === "" || nonces.has(nonce)) return undefined;
    const url = new URL(request.url);
    const signed: SignedRequest = {
      method: request.method,
      url: `${url.origin}${url.pathname}`,
      parameters: [...url.searchParams, ...[...given].filter(([name]) => name !== "oauth_signature")],
    };
    const wanted = signRequest(signed, { app: app.appSecret, token: app.accessSecret });
    if (given.get("oauth_signature") !== wanted) return undefined;
    if (nonces.size >= KEPT) nonces.clear();
    nonces.add(nonce);
    return { app, as: "user" };
  };
}
