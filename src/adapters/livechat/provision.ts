import { isRefused } from "../shared/failure.ts";
import { type Fields, isFields } from "../shared/fields.ts";
import { type Api, readText } from "./client.ts";
import type { BotLogin } from "./installations.ts";
import type { Sessions } from "./sessions.ts";

/** What the bot needs on a license: itself, its webhooks, and to be on line. */
export interface ProvisionOptions {
  readonly api: Api;
  readonly sessions: Sessions;
  readonly clientId: string;
  readonly botName: string;
  /** The bot's webhook, as LiveChat reaches it. */
  readonly webhookUrl: string;
  readonly webhookSecret: string;
}

/** What is parsed, and what comes along with it. https://platform.text.com/docs/management/webhooks */
const WEBHOOKS: readonly { readonly action: string; readonly more?: readonly string[] }[] = [
  { action: "incoming_chat" },
  { action: "incoming_event", more: ["chat_presence_user_ids"] },
  { action: "incoming_rich_message_postback" },
  { action: "event_updated" },
  { action: "event_deleted" },
];
const DESCRIPTION = "Hobnob";
// Only chats that the bot joins by itself count against it.
const MOST_CHATS = 500;

/**
 * Sets a license up, step by step. Every step finds what an earlier try has left behind, so that a second try
 * makes nothing twice.
 */
export async function provision(
  options: ProvisionOptions,
  license: { readonly authorization: string; readonly account: string; readonly before: BotLogin | undefined },
): Promise<BotLogin> {
  const { sessions, api } = options;
  const { authorization, account } = license;
  const bot = await ensureBot(options, license);
  const login = { ...bot, ...(await sessions.issueToken(authorization, { ...bot, account })) };
  await ensureWebhooks(options, authorization);
  await goOnLine(api, login.token);
  return login;
}

/** Registers the webhooks that are not there, and has them sent for this license. */
export async function ensureWebhooks(options: ProvisionOptions, authorization: string): Promise<void> {
  const { api, clientId, webhookUrl, webhookSecret } = options;
  const owner = { owner_client_id: clientId };
  const list = await api.configure(authorization, "list_webhooks", owner);
  const registered = Array.isArray(list) ? list.filter(isFields) : [];
  const unregister = ({ id }: Fields) => api.configure(authorization, "unregister_webhook", { id, ...owner });

  for (const { action, more } of WEBHOOKS) {
    const same = registered.filter((one) => one.action === action);
    const here = same.filter(({ url }) => url === webhookUrl);
    const isCurrent = ({ secret_key: secret }: Fields) => secret === undefined || secret === webhookSecret;
    if (here.some(isCurrent)) continue;
    for (const old of here) await unregister(old);
    const register = () =>
      api.configure(authorization, "register_webhook", {
        action,
        url: webhookUrl,
        secret_key: webhookSecret,
        type: "license",
        description: DESCRIPTION,
        ...owner,
        ...(more && { additional_data: more }),
      });
    try {
      await register();
    } catch (error) {
      // Three an action: those of former addresses of this bot make room.
      const former = same.filter(({ url, description }) => url !== webhookUrl && description === DESCRIPTION);
      if (!isRefused(error, "limit_reached") || former.length === 0) throw error;
      for (const old of former) await unregister(old);
      await register();
    }
  }
  await api.configure(authorization, "enable_license_webhooks", owner);
}

/** The actions that no registered webhook to this address is for. */
export function missingWebhooks(list: unknown, webhookUrl: string): readonly string[] {
  const registered = Array.isArray(list) ? list.filter(isFields) : [];
  return WEBHOOKS.map(({ action }) => action).filter(
    (action) => !registered.some((one) => one.action === action && one.url === webhookUrl),
  );
}

/** An off-line bot gets no webhooks; one that accepts chats would be given some to answer alone. */
export async function goOnLine(api: Api, token: string): Promise<void> {
  await api.agent(token, "set_routing_status", { status: "not_accepting_chats" });
}

async function ensureBot(
  { api, clientId, botName }: ProvisionOptions,
  { authorization, before }: { readonly authorization: string; readonly before: BotLogin | undefined },
): Promise<{ readonly id: string; readonly secret: string }> {
  const list = await api.configure(authorization, "list_bots", { all: false });
  const bots = Array.isArray(list) ? list.filter(isFields) : [];
  const own = bots.find(({ id }) => id === before?.id) ?? bots.find(({ name }) => name === botName);
  if (own !== undefined && before !== undefined && own.id === before.id) return before;
  if (own !== undefined) {
    const id = readText(own, "id");
    // The secret is shown once, at the bot's making.
    const reset = await api.configure(authorization, "reset_bot_secret", { id, owner_client_id: clientId });
    return { id, secret: readText(reset, "secret") };
  }
  const made = await api.configure(authorization, "create_bot", {
    name: botName,
    max_chats_count: MOST_CHATS,
    default_group_priority: "supervisor",
    owner_client_id: clientId,
  });
  return { id: readText(made, "id"), secret: readText(made, "secret") };
}
