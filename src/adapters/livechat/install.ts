import type { AdapterHost, WebhookRequest, WebhookResponse } from "../../core/index.ts";
import { createHandshake, type Outcome } from "../shared/handshake.ts";
import type { Api } from "./client.ts";
import type { Installations } from "./installations.ts";
import { type ProvisionOptions, provision } from "./provision.ts";

/** What the pages need that lead a license's owner through an installation. */
export interface InstallOptions extends ProvisionOptions {
  readonly adapter: string;
  readonly api: Api;
  readonly installations: Installations;
  readonly host: AdapterHost;
  readonly accountsUrl: string;
  readonly installPath: string;
  readonly redirectUri: string;
}

/** The pages that people install the bot with. https://platform.text.com/docs/authorization/agent-authorization */
export function createInstallPages(options: InstallOptions): (request: WebhookRequest) => Promise<WebhookResponse> {
  const { adapter, api, installations, host, clientId, installPath, redirectUri } = options;
  const consentUrl = new URL(options.accountsUrl);
  consentUrl.search = new URLSearchParams({
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
  }).toString();

  return createHandshake({
    adapter,
    platform: "LiveChat",
    host,
    installPath,
    redirectUri,
    consentUrl,
    codeRefused: ["invalid_grant"],
    async install(code) {
      const access = await api.exchange(code, redirectUri);
      const { organization: account, license } = await api.info(access.token);
      return installations.during(account, async () => {
        const before = await installations.get(account);
        const authorization = `Bearer ${access.token}`;
        const bot = await provision(options, { authorization, account, before: before?.bot });
        await installations.save({ account, access, bot, ...(license !== undefined && { license }) });
        host.log.info(
          { adapter, account, license },
          before ? "renewed on a LiveChat license" : "installed on a LiveChat license",
        );
        return before === undefined
          ? said(`BOT integration successfully enabled on license ${license ?? account}!`)
          : ALREADY_ENABLED;
      });
    },
    // A link of LiveChat's own carries no state. It may begin, but nobody can be lured into changing anything by one.
    async withoutState() {
      return (await installations.accounts()).length > 0 ? ALREADY_ENABLED : undefined;
    },
    failed: (why) => said(`Can not enable BOT integration. ${why}`),
  });
}

const ALREADY_ENABLED = said("BOT integration already enabled");

function said(text: string): Outcome {
  return { title: "LiveChat", text };
}
