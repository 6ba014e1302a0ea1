import { type AdapterHost, errorCode } from "../../core/index.ts";
import { type Fields, isFields } from "../shared/fields.ts";
import { isSame } from "../shared/signature.ts";
import type { Api } from "./client.ts";
import type { Installation, Installations } from "./installations.ts";
import type { Sessions } from "./sessions.ts";

export interface UninstallOptions {
  readonly adapter: string;
  readonly api: Api;
  readonly sessions: Sessions;
  readonly installations: Installations;
  readonly clientId: string;
  readonly webhookSecret: string;
  readonly webhookUrl: string;
  readonly host: AdapterHost;
}

/**
 * Forgets a license whose owner has removed the app. The webhook about it proves nothing: without our secret in its
 * address it only makes us ask LiveChat whether the tokens are still good.
 */
export function createUninstall(options: UninstallOptions): (body: Fields, query: string) => Promise<void> {
  const { adapter, api, sessions, installations, clientId, webhookSecret, webhookUrl, host } = options;

  /** As far as the tokens still let us. */
  async function cleanUp({ account, bot, access }: Installation): Promise<void> {
    const owner = { owner_client_id: clientId };
    const isLast = (await installations.accounts()).length === 1;
    await sessions.asOwner(account, async (authorization) => {
      await api.configure(authorization, "delete_bot", { id: bot.id });
      // The webhooks are the app's, on all its licenses.
      const webhooks = isLast ? await api.configure(authorization, "list_webhooks", owner) : [];
      for (const one of Array.isArray(webhooks) ? webhooks.filter(isFields) : []) {
        if (one.url === webhookUrl) await api.configure(authorization, "unregister_webhook", { id: one.id, ...owner });
      }
    });
    if (access !== undefined) await api.revoke(access.token);
  }

  return async (body, query) => {
    if (!isSame(body.clientID, clientId)) return;
    const installation = await installations.find({
      organization: idOf(body.organizationID),
      license: idOf(body.licenseID),
    });
    if (installation === undefined) return;
    const { account } = installation;
    if (isSame(new URLSearchParams(query).get("secret"), webhookSecret)) {
      await cleanUp(installation).catch((error: unknown) =>
        host.log.info(
          { adapter, account, code: errorCode(error) },
          "what a LiveChat license still holds of the bot stays there",
        ),
      );
    } else if (!(await sessions.isRevoked(account))) {
      host.log.warn(
        { adapter, account },
        "somebody says that the app was removed from a LiveChat license, but its tokens are good",
      );
      return;
    }
    await installations.remove(account);
    host.log.info({ adapter, account }, "removed from a LiveChat license");
  };
}

function idOf(value: unknown): string | undefined {
  return (typeof value === "string" && value !== "") || typeof value === "number" ? String(value) : undefined;
}
