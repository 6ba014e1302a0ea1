import {
  type Adapter,
  type Config,
  errorMessage,
  type HandlerOptions,
  HobnobError,
  silentLog,
  suggest,
  systemClock,
} from "../core/index.ts";
import { createRegistry } from "../core/registry.ts";
import { createStore } from "../core/store.ts";
import { memory } from "../storage/memory/index.ts";
import { CONFIG_HELP, CONFIG_OPTION, type Command, parseOptions, seeHelp, UsageError } from "./command.ts";
import { loadConfig, loadEnv } from "./config-file.ts";
import { checkServer } from "./server-config.ts";

export const manifest: Command = {
  help: `Prints the description of an app, as JSON, from which its platform creates it: scopes, events, URLs, commands.

Usage: hobnob manifest PLATFORM [--adapter NAME] [--url URL] [--config FILE]

Only Slack takes one: paste it at https://api.slack.com/apps, "Create New App", "From a manifest". Slash commands are
those words that the config's plugins take as commands. Without a URL the app uses Socket Mode.

Options:
  --adapter NAME  Which adapter, where several share the platform. Default: the one called like it, else the first.
  --url URL       The bot's public base URL. Default: \`server.url\` of the config (HOBNOB_URL).
  ${CONFIG_HELP}

Exit codes: 0 fine; 1 there is no such adapter, or its platform takes no manifest; 2 wrong usage.

Example: hobnob manifest slack --url https://bot.example.com
`,
  async run({ args, env, print }) {
    const options = { ...CONFIG_OPTION, adapter: { type: "string" }, url: { type: "string" } } as const;
    const { values, positionals } = parseOptions("manifest", args, options, 1);
    const [platform] = positionals;
    if (platform === undefined) throw new UsageError(`The platform is missing. ${seeHelp("manifest")}`);
    loadEnv();
    const config = await loadConfig(values.config);
    const url = publicUrl(values.url, checkServer(config.server, env).url);
    const adapter = findAdapter(config, platform, values.adapter);
    if (adapter.manifest === undefined) {
      throw new HobnobError(
        "NO_MANIFEST",
        `${platform} takes no manifest: set the app up as docs/platforms/${platform}.md says.`,
      );
    }
    const commands = await findCommands(config, adapter);
    print(JSON.stringify(adapter.manifest({ url, botName: config.name, commands }), undefined, 2));
    // Whatever a plugin began in its setup must not keep the command from ending.
    setTimeout(() => process.exit(), LINGER_MS).unref();
    return 0;
  },
};

const LINGER_MS = 500;

function publicUrl(given: string | undefined, configured: string | undefined): string | undefined {
  const url = (given ?? configured)?.replace(/\/+$/, "");
  if (url === undefined || url.startsWith("https://")) return url;
  throw new UsageError(
    `The bot's URL is ${JSON.stringify(url)}. Platforms call https only: write https://bot.example.com.`,
  );
}

function findAdapter({ adapters }: Config, platform: string, name: string | undefined): Adapter {
  const fitting = adapters.filter((adapter) => adapter.platform === platform);
  const found =
    name === undefined
      ? (fitting.find((adapter) => adapter.name === platform) ?? fitting[0])
      : fitting.find((adapter) => adapter.name === name);
  if (found !== undefined) return found;
  const known = (
    name === undefined ? adapters.map((adapter) => adapter.platform) : fitting.map((each) => each.name)
  ).toSorted();
  const wanted = name === undefined ? `of ${platform}` : `of ${platform} that is called \`${name}\``;
  throw new HobnobError(
    "ADAPTER_UNKNOWN",
    `The config has no adapter ${wanted}${suggest(name ?? platform, known)}. It has: ${[...new Set(known)].join(", ") || "none"}.`,
  );
}

/** The commands of the plugins that are enabled there; none when a plugin cannot be set up without the bot. */
async function findCommands({ plugins, adapters }: Config, adapter: Adapter): Promise<readonly string[]> {
  const storage = memory();
  const clock = { ...systemClock, after: () => () => {} };
  await storage.open({ clock, log: silentLog });
  try {
    const { commands } = await createRegistry({
      plugins: plugins.filter(({ scope: { on } }) => on === undefined || on.includes(adapter.name)),
      adapters,
      url: "",
      now: clock.now,
      vaultOf: () => undefined as never,
      storeOf: (plugin) => createStore(storage.values, plugin, clock.now),
      logOf: () => silentLog,
      defer: async () => false,
      send: async () => false,
    });
    const isPossible = ({ needs }: HandlerOptions) => needs === undefined || adapter[needs] !== undefined;
    return [...commands]
      .filter(([, list]) => list.some(({ words, entry }) => !words.includes(" ") && isPossible(entry.options)))
      .map(([word]) => word);
  } catch (error) {
    process.stderr.write(`warning: without slash commands, for a plugin cannot be set up: ${errorMessage(error)}\n`);
    return [];
  } finally {
    await storage.close();
  }
}
