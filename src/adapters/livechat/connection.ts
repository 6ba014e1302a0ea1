import { type AdapterHost, errorCode, errorMessage, HobnobError } from "../../core/index.ts";
import type { Client } from "../shared/client.ts";
import { createFleetTurns } from "../shared/fleet-turns.ts";
import { environmentName } from "../shared/options.ts";
import { type Chats, createChats } from "./chats.ts";
import { type Api, createApi } from "./client.ts";
import { createInstallPages } from "./install.ts";
import { createInstallations, type Installations } from "./installations.ts";
import { type Credentials, personalAuthorization, type Settings, usesPersonalToken } from "./options.ts";
import { ensureWebhooks, goOnLine, type ProvisionOptions, provision } from "./provision.ts";
import { createReceiver } from "./receiver.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import { createUninstall } from "./uninstall.ts";
import { createVisits } from "./visits.ts";

/** What a started adapter holds. */
export interface Connection {
  readonly host: AdapterHost;
  readonly client: Client;
  readonly api: Api;
  readonly sessions: Sessions;
  readonly installations: Installations;
  readonly chats: Chats;
  /** Answers at the paths for installations. */
  readonly install: ReturnType<typeof createInstallPages>;
  readonly webhook: ReturnType<typeof createReceiver>;
  /** Sees to it, in the background, that every license still sends its webhooks and that no chat was left open. */
  wake(): void;
  close(): void;
}

const FIRST_DELAY = 10_000;
const LONGEST_DELAY = 600_000;
/** Licenses that are looked after at once. */
const AT_ONCE = 8;

/** Puts the rooms of the adapter together. `clientId` and `webhookSecret` are set: the caller has looked. */
export function connect(
  host: AdapterHost,
  settings: Settings,
  {
    credentials,
    clientId,
    webhookSecret,
    client,
  }: {
    readonly credentials: Credentials;
    readonly clientId: string;
    readonly webhookSecret: string;
    readonly client: Client;
  },
): Connection {
  const { name, path, installPath, redirectPath, botName, ignoreAgents } = settings;
  const { clock, log, url } = host;
  const personal = usesPersonalToken(credentials) ? personalAuthorization(credentials) : undefined;
  const turns = createFleetTurns(host);
  const installations = createInstallations(host.vault, turns);
  const api = createApi({ ...credentials, client, clientId, now: clock.now });
  const howToInstall = personal === undefined ? `Open ${url}${installPath} in a browser.` : "Start the bot again.";
  const sessions = createSessions({ api, installations, turns, clock, clientId, personal, howToInstall });
  const visits = createVisits(host);
  const chats = createChats({ adapter: name, api, sessions, visits, host });
  const webhookUrl = `${url}${path}`;
  const setup: ProvisionOptions = { api, sessions, clientId, botName, webhookUrl, webhookSecret };
  const timers = new Map<string, () => void>();
  let isClosed = false;

  async function wakeLicense(account: string): Promise<void> {
    await installations.during(account, () =>
      sessions.asOwner(account, (authorization) => ensureWebhooks(setup, authorization)),
    );
    await sessions.asBot(account, ({ bot }) => goOnLine(api, bot.token));
  }

  async function wakePersonal(account: string, authorization: string): Promise<void> {
    await installations.during(account, async () => {
      const before = await installations.get(account);
      const bot = await provision(setup, { authorization, account, before: before?.bot });
      await installations.save({ account, bot });
    });
    log.info({ adapter: name, account }, "set up on a LiveChat license");
  }

  async function wake(account: string, delay = FIRST_DELAY): Promise<void> {
    try {
      await (personal === undefined ? wakeLicense(account) : wakePersonal(account, personal));
    } catch (error) {
      const isHopeless = error instanceof HobnobError && error.permanent;
      log.warn(
        { adapter: name, account, code: errorCode(error), reason: errorMessage(error) },
        isHopeless ? "a LiveChat license may send no webhooks" : "a LiveChat license could not be set up yet",
      );
      if (isHopeless || isClosed) return;
      timers.set(
        account,
        clock.after(delay, () => void wake(account, Math.min(delay * 4, LONGEST_DELAY))),
      );
    }
  }

  return {
    host,
    client,
    api,
    sessions,
    installations,
    chats,
    install: createInstallPages({
      ...setup,
      adapter: name,
      installations,
      host,
      accountsUrl: credentials.accountsUrl,
      installPath,
      redirectUri: credentials.redirectUri ?? url + redirectPath,
    }),
    webhook: createReceiver({
      adapter: name,
      webhookSecret,
      secretName: environmentName(name, "WEBHOOK_SECRET"),
      botName,
      ignoreAgents,
      installations,
      chats,
      host,
      uninstalled: createUninstall({ ...setup, adapter: name, installations, host }),
    }),
    wake() {
      void (async () => {
        const accounts = new Set(await installations.accounts());
        if (credentials.organizationId !== undefined && personal !== undefined)
          accounts.add(credentials.organizationId);
        await chats.finishAll();
        const left = accounts.values();
        const some = async () => {
          for (const account of left) if (!isClosed) await wake(account);
        };
        await Promise.all(Array.from({ length: AT_ONCE }, some));
      })().catch((error: unknown) =>
        log.error(
          { adapter: name, code: errorCode(error), reason: errorMessage(error) },
          "LiveChat could not be looked after",
        ),
      );
    },
    close() {
      isClosed = true;
      for (const cancel of timers.values()) cancel();
      chats.stop();
      client.close();
    },
  };
}
