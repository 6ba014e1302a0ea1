import type { User } from "../../core/index.ts";
import { unless } from "../shared/failure.ts";
import type { Connection } from "./connection.ts";

/** A customer, an agent or the bot itself; undefined for somebody whom LiveChat does not know. */
export async function readUser(
  { sessions, api, installations }: Connection,
  id: string,
  { account, botName }: { readonly account: string | undefined; readonly botName: string },
): Promise<User | undefined> {
  // Agents go by their address; only their license's owner may ask for more.
  if (id.includes("@")) return { id, name: id, email: id, isBot: false, isAgent: true };
  const license = account ?? (await installations.find({}))?.account ?? "";
  return sessions.asBot(license, async ({ bot }) => {
    if (id === bot.id) return { id, name: botName, isBot: true, isSelf: true, isAgent: true };
    const customer = await unless("not_found", () => api.agent(bot.token, "get_customer", { id }));
    if (customer === undefined) return undefined;
    const { name, email } = customer;
    const address = typeof email === "string" && email !== "" ? email : undefined;
    return {
      id,
      name: typeof name === "string" && name !== "" ? name : (address ?? id),
      isBot: false,
      ...(address !== undefined && { email: address }),
    };
  });
}
