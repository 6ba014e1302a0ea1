import { describe, expect, test } from "vitest";
import { createProject } from "./stage.ts";

const SLACK = `
import { slack } from "hobnob/adapters/slack";
const helper = definePlugin({ name: "helper", setup(bot) {
  bot.command(["help", "Stale Threads", "Grüß"], async () => {});
  bot.command("ticket", async () => {});
  bot.command("unfollow", async () => {}, { needs: "mute" });
} });
const french = definePlugin({ name: "french", setup(bot) { bot.command("aide", async () => {}); } });
`;
const config = (adapters: string, more = "") => `${SLACK}
export default defineConfig({ ...parts, name: "moe", adapters: [${adapters}], plugins: [helper(), french({}, { on: ["test"] })], ${more} });`;
const server = 'server: { url: "https://bot.example.com/" }';

async function printed(text: string, ...args: string[]) {
  using project = createProject(text);
  const { code, stdout, stderr } = await project.hobnob(["manifest", "slack", ...args]);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

describe.concurrent("hobnob manifest", () => {
  test("describes an app that fits the config", async () => {
    const adapters = 'slack(), slack({ name: "studi", path: "/twilio/events" }), adapter()';
    expect(await printed(config(adapters, server))).toMatchObject({
      display_information: { name: "moe" },
      features: {
        app_home: { messages_tab_enabled: true, messages_tab_read_only_enabled: false },
        bot_user: { display_name: "moe", always_online: true },
        slash_commands: [
          { command: "/help", url: "https://bot.example.com/slack/events" },
          { command: "/ticket", url: "https://bot.example.com/slack/events" },
        ],
      },
      oauth_config: {
        scopes: { bot: expect.arrayContaining(["chat:write", "im:history", "app_mentions:read", "commands"]) },
      },
      settings: {
        event_subscriptions: {
          request_url: "https://bot.example.com/slack/events",
          bot_events: expect.arrayContaining(["app_mention", "message.channels", "message.im", "reaction_added"]),
        },
        interactivity: { is_enabled: true, request_url: "https://bot.example.com/slack/events" },
        socket_mode_enabled: false,
      },
    });
    const second = await printed(config(adapters, server), "--adapter", "studi", "--url", "https://other.example.com");
    expect(second.settings.event_subscriptions.request_url).toBe("https://other.example.com/twilio/events");
    expect(second.oauth_config).not.toHaveProperty("redirect_urls");
  });

  test("uses Socket Mode without a URL, and with an app-level token", async () => {
    const without = await printed(config("slack(), adapter()"));
    expect(without.settings).toMatchObject({ socket_mode_enabled: true, interactivity: { is_enabled: true } });
    expect(JSON.stringify(without)).not.toContain("url");
    const withToken = await printed(config('slack({ appToken: "xapp-1" }), adapter()', server));
    expect(withToken.settings.socket_mode_enabled).toBe(true);
  });

  test("has the redirect URL of an app that many workspaces install, and only what its scopes are for", async () => {
    const options = '{ clientId: "1.2", clientSecret: "s", scopes: ["chat:write", "im:history"] }';
    const { oauth_config, settings, features } = await printed(config(`slack(${options}), adapter()`, server));
    expect(oauth_config).toEqual({
      redirect_urls: ["https://bot.example.com/slack/oauth_redirect"],
      scopes: { bot: ["chat:write", "im:history"] },
    });
    expect(settings.event_subscriptions.bot_events).toEqual(["message.im", "app_uninstalled", "tokens_revoked"]);
    expect(features).not.toHaveProperty("slash_commands");
  });

  test.each([
    [[], 2, /The platform is missing/],
    [["slcak"], 1, /no adapter of slcak \(did you mean `slack`\?\)/],
    [["slack", "--adapter", "stduy"], 1, /of slack that is called `stduy`.*It has: slack/],
    [["slack", "--url", "http://bot.example.com"], 2, /https only/],
    [["test"], 1, /test takes no manifest/],
    [["slack", "--ulr", "x"], 2, /did you mean `--url`/],
  ])("%j fails and says why", async (args, exitCode, message) => {
    using project = createProject(config("slack(), adapter()", server));
    const { code, stdout, stderr } = await project.hobnob(["manifest", ...args]);
    expect([code, stdout]).toEqual([exitCode, ""]);
    expect(stderr).toMatch(message);
  });

  test("goes on without commands when a plugin cannot be set up", async () => {
    const broken = 'definePlugin({ name: "broken", setup() { throw new Error("no backend"); } })()';
    using project = createProject(`${SLACK}
export default defineConfig({ ...parts, name: "moe", adapters: [slack()], plugins: [${broken}] });`);
    const { code, stdout, stderr } = await project.hobnob(["manifest", "slack"]);
    expect([code, stderr]).toEqual([0, expect.stringContaining("no backend")]);
    expect(JSON.parse(stdout).features).not.toHaveProperty("slash_commands");
  });
});
