import type { WebClient } from "@slack/web-api";
import type { User } from "../../core/index.ts";
import { unless } from "../shared/failure.ts";

/** A person by user id, or a bot by its bot id (`B…`); with the e-mail address where Slack tells it. */
export async function readUser(web: WebClient, id: string, self: ReadonlySet<string>): Promise<User | undefined> {
  const own = self.has(id) ? { isSelf: true } : {};
  if (id.startsWith("B")) {
    const { bot } = (await unless("bot_not_found", () => web.bots.info({ bot: id }))) ?? {};
    return bot && { id, name: bot.name || id, isBot: true, ...own };
  }
  const { user } = (await unless("user_not_found", () => web.users.info({ user: id }))) ?? {};
  if (user === undefined) return undefined;
  const { display_name, real_name, email } = user.profile ?? {};
  const fullName = real_name || user.real_name;
  const name = display_name || fullName || user.name || id;
  return {
    id,
    name,
    ...(fullName && fullName !== name && { fullName }),
    isBot: user.is_bot === true,
    ...own,
    ...(email && { email }),
    ...(user.tz && { timeZone: user.tz }),
  };
}
