import type { ManifestSetup } from "../../core/index.ts";
import type { Settings } from "./options.ts";
import { EVENTS } from "./scopes.ts";

/**
 * The app as Slack creates it "from a manifest": scopes, events and URLs that fit the adapter.
 * https://docs.slack.dev/reference/app-manifest
 */
export function renderManifest(
  { path, redirectPath, scopes, credentials }: Settings,
  { url, botName, commands }: ManifestSetup,
) {
  const { appToken, clientId } = credentials;
  const isSocket = appToken !== undefined || url === undefined;
  const requestUrl = isSocket ? undefined : `${url}${path}`;
  const slashCommands = scopes.includes("commands") ? commands.filter((name) => COMMAND.test(name)) : [];
  return {
    _metadata: { major_version: 1, minor_version: 1 },
    display_information: { name: shorten(botName, LONGEST_NAME) },
    features: {
      // Without the tab nobody can write to the bot directly.
      app_home: { home_tab_enabled: false, messages_tab_enabled: true, messages_tab_read_only_enabled: false },
      bot_user: { display_name: shorten(botName, LONGEST_BOT_NAME), always_online: true },
      ...(slashCommands.length > 0 && {
        slash_commands: slashCommands.slice(0, MOST_COMMANDS).map((name) => ({
          command: `/${name}`,
          ...(requestUrl && { url: requestUrl }),
          description: `${shorten(botName, LONGEST_NAME)}: ${name}`,
          should_escape: false,
        })),
      }),
    },
    oauth_config: {
      ...(clientId !== undefined && url !== undefined && { redirect_urls: [`${url}${redirectPath}`] }),
      scopes: { bot: scopes },
    },
    settings: {
      event_subscriptions: {
        ...(requestUrl && { request_url: requestUrl }),
        bot_events: EVENTS.filter(([, scope]) => scope === undefined || scopes.includes(scope)).map(([event]) => event),
      },
      interactivity: { is_enabled: true, ...(requestUrl && { request_url: requestUrl }) },
      org_deploy_enabled: false,
      socket_mode_enabled: isSocket,
      token_rotation_enabled: false,
    },
  };
}

const LONGEST_NAME = 35;
const LONGEST_BOT_NAME = 80;
const MOST_COMMANDS = 50;
const COMMAND = /^[a-z0-9_-]{1,31}$/;

function shorten(text: string, length: number): string {
  return text.length > length ? text.slice(0, length).trimEnd() : text;
}
