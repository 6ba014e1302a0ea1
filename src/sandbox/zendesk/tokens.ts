import { freshSecret } from "./ids.ts";
import type { App } from "./world.ts";

/** What a token lets its bearer do. */
export interface Grant {
  readonly app: App;
  readonly scopes: readonly string[];
}

/** What a consent has led to, until the bot fetches its tokens. */
export interface Consent extends Grant {
  readonly redirectUri: string;
  /** Of PKCE, where the bot has sent one. */
  readonly challenge: string | undefined;
}

interface Pair extends Grant {
  readonly access: string;
  readonly refresh: string | undefined;
  readonly accessUntil: number;
  readonly refreshUntil: number;
}

/** How long tokens live, in seconds. */
export interface Lives {
  readonly access: number;
  /** Undefined: there is no refresh token. */
  readonly refresh: number | undefined;
}

const CODE_LIFE = 120_000;

export type Tokens = ReturnType<typeof createTokens>;

/** Codes, access and refresh tokens of OAuth. */
export function createTokens() {
  const codes = new Map<string, { readonly consent: Consent; readonly until: number }>();
  const pairs = new Set<Pair>();

  return {
    code(consent: Consent): string {
      const code = freshSecret();
      codes.set(code, { consent, until: Date.now() + CODE_LIFE });
      return code;
    },
    /** A code is good once. */
    takeCode(code: string): Consent | undefined {
      const found = codes.get(code);
      codes.delete(code);
      return found && found.until > Date.now() ? found.consent : undefined;
    },
    issue({ app, scopes }: Grant, lives: Lives): Pair {
      const now = Date.now();
      const pair: Pair = {
        app,
        scopes,
        access: freshSecret(),
        refresh: lives.refresh === undefined ? undefined : freshSecret(),
        accessUntil: now + lives.access * 1000,
        refreshUntil: now + (lives.refresh ?? 0) * 1000,
      };
      pairs.add(pair);
      return pair;
    },
    /** A refresh token is good once, and with it its access token ends. */
    takeRefresh(token: string): Grant | undefined {
      const pair = [...pairs].find(({ refresh }) => refresh === token);
      if (pair === undefined) return undefined;
      pairs.delete(pair);
      return pair.refreshUntil > Date.now() ? pair : undefined;
    },
    grant: (token: string): Grant | undefined =>
      [...pairs].find(({ access, accessUntil }) => access === token && accessUntil > Date.now()),
  };
}
