import { freshSecret } from "./ids.ts";

/** Whose token it is. */
export interface Grant {
  readonly clientId: string;
  readonly organization: string;
  /** Of a bot's own token. */
  readonly bot?: string;
}

/** Codes, access and refresh tokens, and those of bots. */
export type Tokens = ReturnType<typeof createTokens>;

const ACCESS_SECONDS = 28_800;

export function createTokens() {
  const codes = new Map<string, Grant & { readonly redirectUri: string }>();
  const access = new Map<string, Grant>();
  const refresh = new Map<string, Grant>();

  function take<V>(from: Map<string, V>, key: string): V | undefined {
    const value = from.get(key);
    from.delete(key);
    return value;
  }

  return {
    code(grant: Grant & { readonly redirectUri: string }): string {
      const code = freshSecret("dal:code/");
      codes.set(code, grant);
      return code;
    },
    takeCode: (code: string) => take(codes, code),
    /** A new access token; with a refresh token where there is none yet. */
    issue({ clientId, organization }: Grant, refreshToken = freshSecret("dal:")) {
      const token = freshSecret("dal:");
      access.set(token, { clientId, organization });
      refresh.set(refreshToken, { clientId, organization });
      return { access_token: token, refresh_token: refreshToken, expires_in: ACCESS_SECONDS, token_type: "Bearer" };
    },
    refreshed: (token: string) => refresh.get(token),
    issueBot(grant: Grant): string {
      const token = freshSecret("dal:bot.");
      access.set(token, grant);
      return token;
    },
    grant: (token: string) => access.get(token),
    /** @returns false when there was no such token */
    revoke: (token: string) => access.delete(token),
    /** Somebody removes the app: nothing it was granted is good any more. */
    revokeAll(clientId: string, organization: string): void {
      for (const map of [codes, access, refresh]) {
        for (const [token, grant] of map) {
          if (grant.clientId === clientId && grant.organization === organization) map.delete(token);
        }
      }
    },
  };
}
