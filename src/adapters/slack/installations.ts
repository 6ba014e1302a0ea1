import { type AdapterHost, DeliveryError, errorMessage } from "../../core/index.ts";
import { createFleetTurns } from "../shared/fleet-turns.ts";
import type { TokenSource } from "./client.ts";
import { type Installation, type OAuth, withoutToken } from "./oauth.ts";
import type { Source } from "./source.ts";

/** The installations of one app, encrypted in the vault. */
export interface Installations {
  /** @throws HobnobError `CONFIG_SECRET`, `VAULT_UNREADABLE`: rather at start than when the first person installs */
  probe(): Promise<void>;
  /** The installation that serves a workspace: its own, or its organisation's. */
  find(account: string): Promise<Installation | undefined>;
  save(installation: Installation): Promise<void>;
  /** Forgets an installation that ended at `endedAt` (seconds since 1970); one made after that stays. */
  end(account: string, endedAt: number): Promise<void>;
  /** Remembers which organisation a workspace belongs to: its replies go out with that organisation's token. */
  join(source: Source): Promise<void>;
  /** The token of an installation, fresh as long as Slack renews it. */
  tokens(account: string): TokenSource;
}

const REFRESH_BEFORE = 2 * 3_600_000;
// For so long nobody notices what another process has installed or ended; a refused token is noticed at once.
const RECENT = 60_000;
const LOST = ["account_inactive", "invalid_auth", "invalid_refresh_token", "token_expired", "token_revoked"];

export function createInstallations(parts: {
  readonly adapter: string;
  readonly host: AdapterHost;
  readonly oauth: OAuth;
  /** Where people install the app. */
  readonly installUrl: string;
}): Installations {
  const { adapter, host, oauth, installUrl } = parts;
  const { vault, store, log, clock } = host;
  const turns = createFleetTurns(host);
  const known = new Map<string, { readonly installation: Installation; readonly readAt: number }>();
  const organisations = new Map<string, string>();
  const renewals = new Map<string, Promise<Installation>>();
  const complained = new Set<string>();

  function know(installation: Installation): void {
    known.set(installation.account, { installation, readAt: clock.steady() });
  }

  async function read(account: string): Promise<Installation | undefined> {
    const found = await vault.get<Installation>(account);
    if (found === undefined) known.delete(account);
    else know(found);
    return found;
  }

  async function recent(account: string): Promise<Installation | undefined> {
    const { installation, readAt = 0 } = known.get(account) ?? {};
    return installation !== undefined && clock.steady() - readAt < RECENT ? installation : read(account);
  }

  async function find(account: string): Promise<Installation | undefined> {
    const own = await recent(account);
    if (own !== undefined) return own;
    const organisation = organisations.get(account) ?? (await store.get<string>(`organisation:${account}`));
    if (organisation === undefined) return undefined;
    organisations.set(account, organisation);
    return recent(organisation);
  }

  function gone(account: string): DeliveryError {
    const message = `The app \`${adapter}\` is not installed in the workspace ${account}. Install it at ${installUrl}.`;
    return new DeliveryError(message, { maybeSent: false, permanent: true, cause: "not_installed" });
  }

  function refused({ account }: Installation, code: string): DeliveryError {
    if (!complained.has(account)) {
      const sentence = `Slack no longer takes the token of this workspace. Install the app there again: ${installUrl}`;
      log.error({ adapter, account, code }, sentence);
    }
    complained.add(account);
    const message = `Slack no longer takes the token of the workspace ${account} (${code}). Install the app again at ${installUrl}.`;
    return new DeliveryError(message, { maybeSent: false, permanent: true, cause: code });
  }

  // However many posts ask at once, in whatever processes, a refresh token is used a single time.
  function renew(seen: Installation, code: string): Promise<Installation> {
    const { account } = seen;
    let renewal = renewals.get(account);
    if (renewal === undefined) {
      renewal = turns.run(`renew ${account}`, () => renewOnce(seen, code)).finally(() => renewals.delete(account));
      renewals.set(account, renewal);
    }
    return renewal;
  }

  async function renewOnce(seen: Installation, code: string): Promise<Installation> {
    const { account } = seen;
    const stored = await read(account);
    if (stored === undefined) throw gone(account);
    // Installed again, or renewed by another process.
    if (stored.token !== seen.token) return stored;
    if (stored.refreshToken === undefined || code === "account_inactive") throw refused(stored, code);
    let grant: Awaited<ReturnType<OAuth["refresh"]>>;
    try {
      grant = await oauth.refresh(stored.refreshToken);
    } catch (error) {
      const cause = error instanceof DeliveryError ? String(error.cause) : "";
      if (!LOST.includes(cause)) throw withoutToken(error);
      const newer = await read(account);
      if (newer !== undefined && newer.token !== stored.token) return newer;
      throw refused(stored, cause);
    }
    const renewed: Installation = { ...stored, ...grant };
    // A newer installation stays, and one that has ended meanwhile does not come back.
    const kept = await vault.update<Installation>(account, (current) =>
      current?.refreshToken === stored.refreshToken ? renewed : current,
    );
    if (kept === undefined) throw gone(account);
    know(kept);
    return kept;
  }

  async function fresh(installation: Installation): Promise<Installation> {
    const { account, expiresAt = Number.POSITIVE_INFINITY } = installation;
    if (expiresAt - clock.now() > REFRESH_BEFORE) return installation;
    try {
      return await renew(installation, "token_expired");
    } catch (error) {
      if (expiresAt <= clock.now() || !known.has(account)) throw error;
      log.warn(
        { adapter, account, reason: errorMessage(error) },
        "A token could not be renewed; the old one serves till it expires.",
      );
      return installation;
    }
  }

  return {
    find,

    async probe() {
      // Changes nothing; it only asks for the key.
      await vault.update("probe", () => undefined);
      for await (const account of vault.keys()) {
        await vault.get(account);
        return;
      }
    },

    async save(installation) {
      await vault.set(installation.account, installation);
      know(installation);
      complained.delete(installation.account);
    },

    async end(account, endedAt) {
      const installed = (await find(account))?.account;
      if (installed === undefined) return;
      let isEnded = false;
      // What another process has installed meanwhile stays.
      const kept = await vault.update<Installation>(installed, (current) => {
        isEnded = current !== undefined && Math.floor(current.installedAt / 1000) <= endedAt;
        return isEnded ? undefined : current;
      });
      if (kept === undefined) known.delete(installed);
      else know(kept);
      if (isEnded) log.info({ adapter, account: installed }, "The app was uninstalled from a workspace.");
    },

    async join({ account, organisation }) {
      if (account === undefined || organisation === undefined || account === organisation) return;
      if (organisations.get(account) === organisation) return;
      await store.set(`organisation:${account}`, organisation);
      organisations.set(account, organisation);
    },

    tokens: (account) => ({
      async token() {
        const installation = await find(account);
        if (installation === undefined) throw gone(account);
        return (await fresh(installation)).token;
      },
      async renew(token, code) {
        const installation = (await find(account)) ?? (await read(account));
        if (installation === undefined) throw gone(account);
        return (await renew({ ...installation, token }, code)).token;
      },
    }),
  };
}
