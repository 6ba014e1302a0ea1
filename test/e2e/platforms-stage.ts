import type { DeliveryRecord, SandboxPlatform, ShownMessage } from "../../src/sandbox/index.ts";
import { livechat, deliveryRules as livechatRules } from "../../src/sandbox/livechat/index.ts";
import { slack, deliveryRules as slackRules } from "../../src/sandbox/slack/index.ts";
import { twilio, deliveryRules as twilioRules } from "../../src/sandbox/twilio/index.ts";
import { twist, deliveryRules as twistRules } from "../../src/sandbox/twist/index.ts";
import { twitter, deliveryRules as twitterRules } from "../../src/sandbox/twitter/index.ts";
import { createProject } from "../cli/stage.ts";
import { openStage } from "../sandbox/stage.ts";
import { freePort } from "../servers/port.ts";
import { pause, supervise } from "./stage.ts";

const CONFIG = `
import { livechat } from "hobnob/adapters/livechat";
import { slack } from "hobnob/adapters/slack";
import { twilio } from "hobnob/adapters/twilio";
import { twist } from "hobnob/adapters/twist";
import { twitter } from "hobnob/adapters/twitter";
const given = (name: string) => JSON.parse(process.env["CREDENTIALS_" + name.toUpperCase()] ?? "{}");
const worker = definePlugin({
  name: "worker",
  setup(bot) {
    bot.hears(/^\\w+-\\d+$/, async (ctx) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
      const [who, number] = ctx.message.text.split("-");
      const text = ctx.message.conversation.thread === ctx.message.id || number % 2 ? "done " + ctx.message.text : "done " + who;
      await ctx.reply({ text, visibility: "agents" });
    }, { attempts: 40, backoff: { delay: "100ms", factor: 1 } });
  },
});
export default defineConfig({
  name: "moe",
  secret: "a secret that is long enough",
  storage: sqlite({ file: "data/e2e.db" }),
  adapters: [
    slack({ ...given("slack"), pace: false }),
    twist({ ...given("twist"), pace: false }),
    twitter(given("twitter")),
    livechat(given("livechat")),
    twilio({ ...given("twilio"), pace: false }),
  ],
  plugins: [worker()],
});
`;

/** The paths of the webhooks, as the adapters have them by default. */
const PATHS = {
  slack: "/slack/events",
  twist: "/twist",
  twitter: "/twitter/webhook",
  livechat: "/livechat/webhook",
  twilio: "/twilio/sms",
} as const;

export type PlatformName = keyof typeof PATHS;

// With a personal token nobody would have to install the bot.
const NOT_GIVEN = ["accountId", "personalAccessToken", "organizationId"];

// They try again soon and for long; those that have no such rule do not.
const SOON = Array.from({ length: 300 }, () => 150);
const PLATFORMS: readonly SandboxPlatform[] = [
  { platform: slack, rules: slackRules },
  { platform: twist, rules: twistRules },
  { platform: livechat, rules: livechatRules },
  { platform: twitter, rules: { ...twitterRules, delayAfter: () => undefined } },
  {
    platform: twilio,
    rules: { ...twilioRules, delayAfter: ({ failure, delay }) => (failure === "connection" ? delay : undefined) },
  },
];

/** Simulated platforms that stay up and judge, and one bot on all of them that need not stay up. */
export async function openPlatformsCrashStage() {
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const stage = await openStage({ webhook: `${base}${PATHS.slack}`, retryDelays: SOON, platforms: PLATFORMS });
  const env: NodeJS.ProcessEnv = { HOBNOB_LOG_LEVEL: "silent" };
  for (const [platform, path] of Object.entries(PATHS)) {
    const all = stage.sandbox.connect({ platform, name: platform, webhook: `${base}${path}` })!;
    const given = Object.entries(all).filter(([name]) => !NOT_GIVEN.includes(name));
    env[`CREDENTIALS_${platform.toUpperCase()}`] = JSON.stringify(Object.fromEntries(given));
  }
  const project = createProject(CONFIG);
  const bot = await supervise(project, port, env);

  async function control<T>(path: string, body?: object): Promise<T> {
    const response = await stage.control(path, body);
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return (await response.json()) as T;
  }
  await control("/livechat/install", {});

  const messages = (platform: PlatformName, conversation: string) =>
    control<readonly ShownMessage[]>(`/${platform}/messages?conversation=${encodeURIComponent(conversation)}`);
  const deliveries = (platform: PlatformName, query = "") =>
    control<readonly DeliveryRecord[]>(`/${platform}/deliveries${query}`);

  return {
    bot,
    control,
    messages,
    hobnob: (args: readonly string[]) => project.hobnob(args, env),
    async say(platform: PlatformName, said: object): Promise<string> {
      return (await control<{ id: string }>(`/${platform}/say`, said)).id;
    },
    /** Resolves once the platform delivers this message no more: was it acknowledged? */
    async delivered(platform: PlatformName, id: string): Promise<boolean> {
      while ((await deliveries(platform, "?pending=1")).some(({ ts }) => ts === id)) await pause(20);
      return (await deliveries(platform)).some(({ ts, acknowledged }) => ts === id && acknowledged);
    },
    async [Symbol.asyncDispose]() {
      await bot.stop();
      project[Symbol.dispose]();
      await stage[Symbol.asyncDispose]();
    },
  };
}
