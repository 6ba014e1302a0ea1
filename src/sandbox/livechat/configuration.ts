import { type Call, fail, type Methods, text } from "./method.ts";
import { listOf } from "./show.ts";
import type { Bot } from "./world.ts";

const LONGEST_URL = 500;

/** A bot of the caller's app on the caller's license. */
function botOf({ args, world, grant }: Call, name: string): Bot {
  const bot = world.bot(args[name]);
  const isOwn = bot?.clientId === grant.clientId && bot.organization === grant.organization;
  return bot && isOwn ? bot : fail("not_found", "Bot not found");
}

const ownBots = ({ world, grant }: Call) =>
  world.bots().filter((bot) => bot.clientId === grant.clientId && bot.organization === grant.organization);

/** https://platform.text.com/docs/management/configuration-api */
export const configurationMethods: Methods = {
  create_bot: (call) => {
    const name = text(call, "name");
    const most = call.args.max_chats_count ?? 6;
    if (typeof most !== "number" || most > 500) return fail("validation", "`max_chats_count` is at most 500");
    const { clientId, organization } = call.grant;
    const { id, secret } = call.world.addBot({ name, clientId, organization });
    return { id, secret };
  },
  list_bots: (call) => ownBots(call).map(({ id, name }) => ({ id, name })),
  delete_bot: (call) => {
    call.world.removeBot(botOf(call, "id").id);
    return {};
  },
  reset_bot_secret: (call) => {
    const bot = botOf(call, "id");
    bot.secret = `${bot.id}-${call.world.now()}`;
    return { secret: bot.secret };
  },
  issue_bot_token: (call) => {
    const bot = botOf(call, "bot_id");
    const { clientId, organization } = call.grant;
    if (call.args.client_id !== clientId || call.args.organization_id !== organization) {
      return fail("authorization", "The bot is another client's");
    }
    if (call.args.bot_secret !== bot.secret) return fail("authentication", "Wrong bot secret");
    return { token: call.tokens.issueBot({ clientId, organization, bot: bot.id }) };
  },
  register_webhook: (call) => {
    const url = text(call, "url");
    if (url.length > LONGEST_URL) return fail("validation", "`url` is too long");
    const { description, additional_data: more } = call.args;
    const id = call.webhooks.register({
      action: text(call, "action"),
      url,
      secret_key: text(call, "secret_key"),
      type: text(call, "type"),
      owner_client_id: call.grant.clientId,
      ...(typeof description === "string" && { description }),
      ...(more !== undefined && { additional_data: listOf(more) }),
    });
    return id === undefined ? fail("limit_reached", "Too many webhooks for this action") : { id };
  },
  list_webhooks: ({ webhooks, grant }) => webhooks.list(grant.clientId),
  unregister_webhook: ({ webhooks, args }) =>
    webhooks.unregister(args.id) ? {} : fail("not_found", "No such webhook"),
  enable_license_webhooks: ({ webhooks, grant }) => {
    webhooks.enable(grant.clientId, grant.organization);
    return {};
  },
  get_license_webhooks_state: ({ webhooks, grant }) => ({
    license_webhooks_enabled: webhooks.isEnabled(grant.clientId, grant.organization),
  }),
};
