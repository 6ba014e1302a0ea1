import type { Vault } from "../../core/index.ts";
import type { FleetTurns } from "../shared/fleet-turns.ts";

/** What the owner of a license has granted. Times are ms since 1970. */
export interface AccessToken {
  readonly token: string;
  readonly refreshToken: string;
  readonly expiresAt: number;
}

/** The bot's own login: its secret gets it a token for a day. */
export interface BotLogin {
  readonly id: string;
  readonly secret: string;
  readonly token: string;
  readonly expiresAt: number;
}

/** One license that the bot is installed on. */
export interface Installation {
  /** The organization's id: the `account` of its conversations. */
  readonly account: string;
  /** The license's number, where LiveChat told it. */
  readonly license?: string;
  /** Absent with a personal access token. */
  readonly access?: AccessToken;
  readonly bot: BotLogin;
}

/** The installations, encrypted, and read anew each time: another process may have renewed a token. */
export interface Installations {
  get(account: string): Promise<Installation | undefined>;
  save(installation: Installation): Promise<void>;
  /** @returns undefined when there is none any more */
  change(account: string, change: (current: Installation) => Installation): Promise<Installation | undefined>;
  remove(account: string): Promise<void>;
  /**
   * Sets something up on a license, in one process at a time: of two at once each would make a bot and webhooks of its own.
   * LiveChat may send webhooks before an installation is saved.
   */
  during<T>(account: string, setUp: () => Promise<T>): Promise<T>;
  /** Is somebody at it? `account`: undefined where a webhook does not name it; then only this process can tell. */
  isUnderWay(account: string | undefined): Promise<boolean>;
  accounts(): Promise<readonly string[]>;
  /** The account that a webhook is about. Old webhooks name the license, the oldest nothing at all. */
  find(about: {
    readonly organization?: string | undefined;
    readonly license?: string | undefined;
  }): Promise<Installation | undefined>;
}

export function createInstallations(vault: Vault, turns: FleetTurns): Installations {
  const keyOf = (account: string) => `installation:${account}`;
  const turnOf = (account: string) => `install ${account}`;
  const licenseKey = (license: string) => `license:${license}`;

  const get = (account: string) => vault.get<Installation>(keyOf(account));

  async function accounts(): Promise<readonly string[]> {
    const found: string[] = [];
    for await (const key of vault.keys("installation:")) found.push(key.slice("installation:".length));
    return found;
  }

  let underWay = 0;

  return {
    get,
    accounts,
    async during(account, setUp) {
      underWay += 1;
      try {
        return await turns.run(turnOf(account), setUp);
      } finally {
        underWay -= 1;
      }
    },
    isUnderWay: async (account) => underWay > 0 || (account !== undefined && (await turns.isTaken(turnOf(account)))),
    async save(installation) {
      const { account, license } = installation;
      if (license !== undefined) await vault.set(licenseKey(license), account);
      await vault.set(keyOf(account), installation);
    },
    change: (account, change) => vault.update<Installation>(keyOf(account), (current) => current && change(current)),
    async remove(account) {
      const license = (await get(account))?.license;
      await vault.delete(keyOf(account));
      if (license !== undefined) await vault.delete(licenseKey(license));
    },
    async find({ organization, license }) {
      if (organization !== undefined) return get(organization);
      if (license !== undefined) {
        const account = await vault.get<string>(licenseKey(license));
        return account === undefined ? undefined : get(account);
      }
      const [only, ...others] = await accounts();
      return only !== undefined && others.length === 0 ? get(only) : undefined;
    },
  };
}
