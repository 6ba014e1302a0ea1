import { randomBytes } from "node:crypto";
import { errorMessage, type PluginBot } from "../../core/index.ts";
import { INSTALLED, requestToken, rootOf, SCOPE } from "./auth.ts";
import type { Options } from "./options.ts";

const START = "/zendesk/install";
const BACK = "/zendesk/oauth";

/**
 * Pages on which an administrator lets the bot into Zendesk, in place of a token from Zendesk's pages. The newest token is used.
 * https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
 */
export function addInstallPages(bot: PluginBot, options: Options): void {
  const { clientId, clientSecret, oauthToken } = options;
  if (clientId === undefined || clientSecret === undefined || oauthToken !== undefined) return;
  const redirect = `${bot.url}${BACK}`;

  bot.webhook(START, async () => {
    const state = randomBytes(24).toString("base64url");
    await bot.store.set(`state:${state}`, true, { ttl: "10m" });
    const query = { response_type: "code", client_id: clientId, redirect_uri: redirect, scope: SCOPE, state };
    const location = `${rootOf(options)}/oauth/authorizations/new?${new URLSearchParams(query)}`;
    return new Response(null, { status: 302, headers: { location } });
  });

  bot.webhook(BACK, async (request) => {
    const { searchParams } = new URL(request.url);
    const code = searchParams.get("code");
    if (code === null || code === "") return page(400, `Zendesk sent no code. Begin again at ${START}.`);
    const state = `state:${searchParams.get("state")}`;
    // Of two at once, wherever they came in, only one deletes it.
    const isOurs = (await bot.store.get(state)) === true && (await bot.store.delete(state));
    if (!isOurs) {
      return page(400, `This page was not begun here, or more than ten minutes ago. Begin again at ${START}.`);
    }
    try {
      const grant = { grant_type: "authorization_code", code, redirect_uri: redirect, scope: SCOPE };
      await bot.vault.set(INSTALLED, { token: await requestToken(options, grant) });
    } catch (error) {
      bot.log.error({}, `Zendesk could not be installed: ${errorMessage(error)}`);
      return page(502, "Zendesk gave no token. The log says why.");
    }
    return page(200, "ZendeskApp Added OK");
  });
}

function page(status: number, text: string): Response {
  return new Response(text, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
}
