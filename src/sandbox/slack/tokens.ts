import { randomBytes } from "node:crypto";

/** What became of a token. */
export type TokenState = "valid" | "expired" | "revoked" | "unknown";

/** A token as the token endpoint hands it out. */
export interface Grant {
  readonly token: string;
  /** With rotation: good once. */
  readonly refreshToken?: string;
  /** Seconds. */
  readonly expiresIn?: number;
}

interface Kept {
  /** The app's name. */
  readonly app: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** Twelve hours. https://docs.slack.dev/authentication/using-token-rotation */
const LIFE = 43_200;

export type Tokens = ReturnType<typeof createTokens>;

/** The tokens of one workspace. With rotation they live for twelve hours and come with a refresh token. */
export function createTokens({ isRotating }: { readonly isRotating: boolean }) {
  const valid = new Map<string, Kept>();
  const revoked = new Set<string>();
  const refreshing = new Map<string, string>();

  function issue(app: string): Grant {
    const token = `xox${isRotating ? "e.xoxb" : "b"}-sandbox-${randomBytes(12).toString("hex")}`;
    valid.set(token, { app, until: isRotating ? Date.now() + LIFE * 1000 : Number.POSITIVE_INFINITY });
    if (!isRotating) return { token };
    const refreshToken = `xoxe-1-${randomBytes(12).toString("hex")}`;
    refreshing.set(refreshToken, app);
    return { token, refreshToken, expiresIn: LIFE };
  }

  function revoke(token: string): boolean {
    revoked.add(token);
    return valid.delete(token);
  }

  return {
    issue,
    revoke,

    state(token: string): TokenState {
      if (revoked.has(token)) return "revoked";
      const kept = valid.get(token);
      if (kept === undefined) return "unknown";
      return kept.until > Date.now() ? "valid" : "expired";
    },

    /** Whose token it is. */
    app: (token: string) => valid.get(token)?.app,

    /** Fresh ones for a refresh token, which is used up by it. The old token serves till it expires. */
    refresh(refreshToken: string): Grant | undefined {
      const app = refreshing.get(refreshToken);
      refreshing.delete(refreshToken);
      return app === undefined ? undefined : issue(app);
    },

    revokeAll(app: string): void {
      for (const [token, kept] of valid) if (kept.app === app) revoke(token);
      for (const [token, owner] of refreshing) if (owner === app) refreshing.delete(token);
    },
  };
}
