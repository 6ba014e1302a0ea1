import type { TwitterAdapter, Webhooks } from "../adapters/twitter/index.ts";
import { type Config, HobnobError, suggest } from "../core/index.ts";
import {
  CONFIG_HELP,
  CONFIG_OPTION,
  type Command,
  chooseAction,
  parseOptions,
  seeHelp,
  type Terminal,
  UsageError,
} from "./command.ts";
import { loadConfig, loadEnv } from "./config-file.ts";
import { renderTable } from "./table.ts";

const OPTIONS = {
  ...CONFIG_OPTION,
  activity: { type: "boolean" },
  adapter: { type: "string" },
  json: { type: "boolean" },
  url: { type: "string" },
} as const;

type Values = ReturnType<typeof parseOptions<typeof OPTIONS>>["values"];

/** What an action works with. */
interface Given {
  readonly webhooks: Webhooks;
  /** The webhook's full URL. @throws UsageError when nobody has said it */
  url(): string;
  readonly id: string | undefined;
  readonly values: Values;
  readonly print: Terminal["print"];
}

interface Action {
  readonly takes: readonly (keyof Values)[];
  readonly takesId: boolean;
  run(given: Given): Promise<void>;
}

export const twitter: Command = {
  help: `Tells X (Twitter) where to send the account's events. The bot must be running and reachable from outside meanwhile.

Usage: hobnob twitter register [--url URL] [--activity]
       hobnob twitter list [--json]
       hobnob twitter delete [ID]

  register  Makes the webhook, or has X check it anew, and subscribes the account. Twice does no harm.
  list      The app's webhooks: whether X still calls them, and whether the account is subscribed.
  delete    Deletes a webhook: this bot's, or the one named by its id.

Options:
  --url URL       The webhook's full address. Default: server.url of the config (HOBNOB_URL) and the adapter's path.
  --activity      Subscribes over the X Activity API instead of Account Activity.
  --adapter NAME  Which adapter, where the config has several for X.
  --json          The list as JSON.
  ${CONFIG_HELP}

Exit codes: 0 done; 1 X refused, and the message says why and what to do; 2 wrong usage.

Example: hobnob twitter register --url https://bot.example.com/twitter/webhook
`,
  async run({ args, print }) {
    const { values, positionals } = parseOptions("twitter", args, OPTIONS, 2);
    const [name, id] = positionals;
    const action = findAction(name, id, values);
    loadEnv();
    const config = await loadConfig(values.config);
    const adapter = findAdapter(config, values.adapter);
    const url = () => values.url ?? defaultUrl(config, adapter);
    await adapter.withWebhooks((webhooks) => action.run({ webhooks, url, id, values, print }));
    return 0;
  },
};

const ACTIONS: Readonly<Record<string, Action>> = {
  register: {
    takes: ["url", "activity"],
    takesId: false,
    async run({ webhooks, url, values: { activity = false }, print }) {
      const address = url();
      const done = await webhooks.register(address, { activity });
      print(
        `${done.webhook === "created" ? "webhook made" : "webhook was there, and X has checked it anew"}: ${address} (${done.id})`,
      );
      print(
        `account ${done.subscription === "created" ? "subscribed" : "was subscribed already"}; X sends its events there`,
      );
    },
  },
  list: {
    takes: ["json"],
    takesId: false,
    async run({ webhooks, values, print }) {
      const found = await webhooks.list();
      if (values.json) return print(JSON.stringify(found, undefined, 2));
      if (found.length === 0) return print("no webhooks; hobnob twitter register makes one");
      const rows = found.map(({ id, url, isValid, isSubscribed }) => [
        id,
        url,
        isValid ? "yes" : "no",
        isSubscribed ? "yes" : "no",
      ]);
      for (const line of renderTable(["id", "url", "valid", "subscribed"], rows)) print(line);
    },
  },
  delete: {
    takes: ["url"],
    takesId: true,
    async run({ webhooks, url, id, print }) {
      const address = id === undefined ? url() : undefined;
      const found = (await webhooks.list()).find((webhook) => webhook.id === id || webhook.url === address);
      if (found === undefined) {
        throw new HobnobError("WEBHOOK_NOT_FOUND", `X knows no webhook ${id ?? address}. See \`hobnob twitter list\`.`);
      }
      await webhooks.delete(found.id);
      print(`deleted: ${found.url} (${found.id}); X sends nothing there any more`);
    },
  },
};

function findAction(name: string | undefined, id: string | undefined, values: Values): Action {
  const given = Object.keys(values) as (keyof Values)[];
  const action = chooseAction("twitter", name, { actions: ACTIONS, always: ["config", "adapter"], given });
  if (id !== undefined && !action.takesId) {
    throw new UsageError(`\`${id}\` is one argument too many for \`hobnob twitter ${name}\`. ${seeHelp("twitter")}`);
  }
  if (values.url !== undefined && !URL.canParse(values.url)) {
    throw new UsageError(
      `\`--url\` is ${JSON.stringify(values.url)}. Write the webhook's full address, with https://.`,
    );
  }
  return action;
}

function findAdapter({ adapters }: Config, named: string | undefined): TwitterAdapter {
  const own = adapters.filter(
    (adapter): adapter is TwitterAdapter => adapter.platform === "twitter" && "withWebhooks" in adapter,
  );
  const names = own.map(({ name }) => name);
  if (own.length === 0) {
    throw new HobnobError("CONFIG_INVALID", "No adapter of the config is for X. Add twitter() to `adapters`.");
  }
  if (named === undefined) {
    if (own.length === 1) return own[0]!;
    throw new UsageError(`The config has several adapters for X. Choose one with --adapter: ${names.join(", ")}.`);
  }
  const found = own.find(({ name }) => name === named);
  if (found !== undefined) return found;
  throw new UsageError(
    `No adapter for X is named \`${named}\`${suggest(named, names)}. There are: ${names.join(", ")}.`,
  );
}

function defaultUrl({ server }: Config, { paths }: TwitterAdapter): string {
  if (server?.url) return `${server.url.replace(/\/+$/, "")}${paths[0]}`;
  throw new UsageError("Where the bot is reachable is not known. Give --url, or set HOBNOB_URL.");
}
