import { type Clock, DeliveryError } from "../../core/index.ts";
import { isRefused, notSent } from "../shared/failure.ts";
import type { FleetTurns } from "../shared/fleet-turns.ts";
import { type Api, readText } from "./client.ts";
import type { Installation, Installations } from "./installations.ts";

/** Calls in the name of an installation, with tokens that are renewed in time, once, however many calls want them. */
export interface Sessions {
  /** As the bot itself. A refused token is renewed and the call made again, once. @throws DeliveryError permanent when it is not installed */
  asBot<T>(account: string, call: (installation: Installation) => Promise<T>): Promise<T>;
  /** As the owner of the license; `call` gets the Authorization header. */
  asOwner<T>(account: string, call: (authorization: string) => Promise<T>): Promise<T>;
  /** Has the owner taken back what was granted? LiveChat is asked by renewing the token. */
  isRevoked(account: string): Promise<boolean>;
  /** A fresh token for the bot. */
  issueToken(
    authorization: string,
    bot: { readonly id: string; readonly secret: string; readonly account: string },
  ): Promise<{ readonly token: string; readonly expiresAt: number }>;
}

export interface SessionOptions {
  readonly api: Api;
  readonly installations: Installations;
  readonly turns: FleetTurns;
  readonly clock: Clock;
  readonly clientId: string;
  /** The Authorization header of a personal access token. */
  readonly personal: string | undefined;
  /** What to tell somebody whose license is not installed. */
  readonly howToInstall: string;
}

const DAY = 86_400_000;
// A call takes up to a quarter of a minute, and two clocks are never the same.
const MARGIN = 300_000;

export function createSessions(options: SessionOptions): Sessions {
  const { api, installations, turns, clock, clientId, personal, howToInstall } = options;
  const renewing = new Map<string, Promise<Installation>>();

  async function read(account: string): Promise<Installation> {
    return known(account, await installations.get(account));
  }

  function known(account: string, installation: Installation | undefined): Installation {
    if (installation !== undefined) return installation;
    const message = `The bot is not installed on LiveChat's license ${account}. ${howToInstall}`;
    throw new DeliveryError(message, { maybeSent: false, permanent: true });
  }

  /** Renews unless somebody else has since the stale token was read. */
  function renew(
    account: string,
    kind: "bot" | "access",
    stale: string | undefined,
    change: (current: Installation) => Promise<Partial<Installation>>,
  ): Promise<Installation> {
    const key = turnOf(kind, account);
    const underWay = renewing.get(key);
    if (underWay !== undefined) return underWay;
    // A refresh token is good once: of two processes that use it at once, one would be told that it is void.
    const renewed = turns
      .run(turnOf(kind, account), async () => {
        const current = await read(account);
        if (current[kind]?.token !== stale) return current;
        const changed = await change(current);
        return known(account, await installations.change(account, (latest) => ({ ...latest, ...changed })));
      })
      .catch((error: unknown) => {
        // What the token is for has not been called yet.
        throw notSent(error);
      })
      .finally(() => renewing.delete(key));
    renewing.set(key, renewed);
    return renewed;
  }

  const isOld = ({ expiresAt }: { readonly expiresAt: number }) => expiresAt - clock.now() < MARGIN;

  const renewBot = (account: string, stale: string) =>
    renew(account, "bot", stale, async ({ bot }) => ({
      bot: { ...bot, ...(await asOwner(account, (owner) => issueToken(owner, { ...bot, account }))) },
    }));

  const renewAccess = (account: string, stale: string) =>
    renew(account, "access", stale, async ({ access }) => ({ access: await api.refresh(access?.refreshToken ?? "") }));

  async function asOwner<T>(account: string, call: (authorization: string) => Promise<T>): Promise<T> {
    if (personal !== undefined) return call(personal);
    let { access } = await read(account);
    if (access !== undefined && isOld(access)) ({ access } = await renewAccess(account, access.token));
    const token = access?.token ?? "";
    try {
      return await call(`Bearer ${token}`);
    } catch (error) {
      if (!isRefused(error, "authentication")) throw error;
      const renewed = await renewAccess(account, token);
      return call(`Bearer ${renewed.access?.token ?? ""}`);
    }
  }

  const issueToken: Sessions["issueToken"] = async (authorization, { id, secret, account }) => {
    const expiresAt = clock.now() + DAY;
    const issued = await api.configure(authorization, "issue_bot_token", {
      bot_id: id,
      client_id: clientId,
      bot_secret: secret,
      organization_id: account,
    });
    return { token: readText(issued, "token"), expiresAt };
  };

  return {
    asOwner,
    issueToken,
    isRevoked: (account) =>
      turns.run(turnOf("access", account), async () => {
        const { access } = (await installations.get(account)) ?? {};
        if (access === undefined) return false;
        try {
          const renewed = await api.refresh(access.refreshToken);
          await installations.change(account, (current) => ({ ...current, access: renewed }));
          return false;
        } catch (error) {
          if (isRefused(error, "invalid_grant", "authentication", "HTTP 400", "HTTP 403")) return true;
          throw error;
        }
      }),
    async asBot(account, call) {
      let installation = await read(account);
      if (isOld(installation.bot)) installation = await renewBot(account, installation.bot.token);
      try {
        return await call(installation);
      } catch (error) {
        if (!isRefused(error, "authentication")) throw error;
        return call(await renewBot(account, installation.bot.token));
      }
    },
  };
}

const turnOf = (kind: "bot" | "access", account: string) => `renew ${kind} ${account}`;
