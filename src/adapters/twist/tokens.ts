import type { Vault } from "../../core/index.ts";

/** The tokens of people who let the bot see what they see, by workspace and person. */
export interface UserTokens {
  get(account: string, user: string): Promise<string | undefined>;
  set(account: string, user: string, token: string): Promise<void>;
  drop(account: string, user: string): Promise<void>;
  /** The workspace has removed the integration. */
  dropAll(account: string): Promise<void>;
}

export function createUserTokens(vault: Vault): UserTokens {
  const prefix = (account: string) => `user/${encodeURIComponent(account)}/`;
  const key = (account: string, user: string) => prefix(account) + encodeURIComponent(user);
  return {
    get: (account, user) => vault.get<string>(key(account, user)),
    set: (account, user, token) => vault.set(key(account, user), token),
    async drop(account, user) {
      await vault.delete(key(account, user));
    },
    async dropAll(account) {
      for await (const each of vault.keys(prefix(account))) await vault.delete(each);
    },
  };
}
