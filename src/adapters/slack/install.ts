import type { AdapterHost, WebhookRequest, WebhookResponse } from "../../core/index.ts";
import { createHandshake } from "../shared/handshake.ts";
import type { Installations } from "./installations.ts";
import type { OAuth } from "./oauth.ts";
import type { Settings } from "./options.ts";

/** What the pages need that lead a person through an installation. */
export interface InstallOptions {
  readonly host: AdapterHost;
  readonly oauth: OAuth;
  readonly installations: Installations;
  readonly clientId: string;
}

/** The pages that people install the app with. https://docs.slack.dev/authentication/installing-with-oauth */
export function createInstallPages(
  { name, credentials, scopes, installPath, redirectPath }: Settings,
  { host, oauth, installations, clientId }: InstallOptions,
): (request: WebhookRequest) => Promise<WebhookResponse> {
  const redirectUri = host.url + redirectPath;
  const consentUrl = new URL("../oauth/v2/authorize", credentials.apiUrl);
  consentUrl.search = new URLSearchParams({
    client_id: clientId,
    scope: scopes.join(","),
    redirect_uri: redirectUri,
  }).toString();
  return createHandshake({
    adapter: name,
    platform: "Slack",
    host,
    installPath,
    redirectUri,
    consentUrl,
    codeRefused: ["invalid_code", "code_already_used", "code_expired", "invalid_grant"],
    async install(code) {
      const installation = await oauth.exchange(code, redirectUri);
      await installations.save(installation);
      host.log.info({ adapter: name, account: installation.account }, "The app was installed in a workspace.");
      return {
        title: "Bot added to your Slack team!",
        text: `It is installed in ${installation.name}. Invite it to a channel there, or write to it directly.`,
      };
    },
  });
}
