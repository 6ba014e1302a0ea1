import { type AdapterHost, errorCode, HobnobError } from "../../core/index.ts";
import { isFields } from "../shared/fields.ts";
import { environmentName } from "../shared/options.ts";
import type { Api } from "./client.ts";
import { idOf } from "./parse.ts";

/**
 * Who the bot is. A token can belong to the bot's user, or to the person who made the integration: what goes over the
 * API then appears under that person's name, while webhook answers appear under the bot's.
 */
export interface Identity {
  /** The token is the bot's own. Else it cannot change what was posted as the bot. */
  readonly ownsToken: boolean;
  /** The bot's user; undefined when nobody has told. */
  readonly botId: string | undefined;
  /** The token's owner; undefined when Twist has not told. */
  readonly ownerId: string | undefined;
  /** Of the token's owner. */
  readonly workspace: string | undefined;
  isSelf(user: string): boolean;
  /** Could this user have written a post of ours? */
  isAuthor(user: string, asker: string | undefined): boolean;
  /** Does what goes over the API appear in the name of this user, a person? */
  isBorrowed(user: string): boolean;
}

/** Asks Twist whose the token is. @throws DeliveryError when Twist refuses the token */
export async function learnIdentity(
  api: Api,
  setup: { readonly host: AdapterHost; readonly name: string; readonly botUserId: string | undefined },
): Promise<Identity> {
  const owner = await askOwner(api, setup);
  if (owner?.isBot === false && setup.botUserId === undefined) {
    const variable = environmentName(setup.name, "BOT_USER_ID");
    setup.host.log.warn(
      { adapter: setup.name, variable },
      "the token belongs to a person, so the bot cannot tell when it is named in a thread; `hobnob check` helps",
    );
  }
  const bot = setup.botUserId ?? (owner?.isBot ? owner.id : undefined);

  return {
    ownsToken: owner?.isBot !== false,
    botId: bot,
    ownerId: owner?.id,
    workspace: owner?.workspace,
    isSelf: (user) => user === bot || (owner?.isBot === true && user === owner.id),
    isAuthor: (user, asker) => user === bot || user === owner?.id || (bot === undefined && user !== asker),
    isBorrowed: (user) => owner?.isBot === false && user === owner.id,
  };
}

interface Owner {
  readonly id: string;
  readonly isBot: boolean;
  readonly workspace: string | undefined;
}

async function askOwner(
  api: Api,
  { host, name }: { readonly host: AdapterHost; readonly name: string },
): Promise<Owner | undefined> {
  try {
    const user = await api.get("users/get_session_user");
    const id = isFields(user) ? idOf(user.id) : undefined;
    if (!isFields(user) || id === undefined) return undefined;
    return { id, isBot: user.bot !== false, workspace: idOf(user.default_workspace) };
  } catch (error) {
    if (error instanceof HobnobError && error.permanent) throw error;
    // A Twist that is away for a moment need not keep the bot from hearing.
    host.log.warn({ adapter: name, code: errorCode(error) }, "Twist did not say whose the token is");
    return undefined;
  }
}
