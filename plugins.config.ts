import { defineConfig, HobnobError } from "hobnob";
import { livechat } from "hobnob/adapters/livechat";
import { slack } from "hobnob/adapters/slack";
import { twilio } from "hobnob/adapters/twilio";
import { twist } from "hobnob/adapters/twist";
import { twitter } from "hobnob/adapters/twitter";
import { askApi } from "hobnob/plugins/ask-api";
import { imageCommand } from "hobnob/plugins/image-command";
import { ping } from "hobnob/plugins/ping";
import { pizza } from "hobnob/plugins/pizza";
import { staleThreads } from "hobnob/plugins/stale-threads";
import { zendeskSync } from "hobnob/plugins/zendesk-sync";
import { memory } from "hobnob/storage/memory";
import { postgres } from "hobnob/storage/postgres";
import { redis } from "hobnob/storage/redis";
import { sqlite } from "hobnob/storage/sqlite";

// What differs from machine to machine comes from the environment or from a file .env; .env.example lists it all.
const { env } = process;

// A second Slack app, once it has a token: docs/platforms/slack-twilio-events.md.
const hasSecondApp = Boolean(env.TWILIO_EVENTS_BOT_TOKEN || env.TWILIO_EVENTS_SIGNING_SECRET);

const isOnSlack = Boolean(env.SLACK_BOT_TOKEN || env.SLACK_CLIENT_ID || hasSecondApp);

// Where people ask for help; in the sandbox that is its #support.
const helpChannels = (env.ZENDESK_CHANNELS || "C0FKDDKGF9L").split(",");

export default defineConfig({
  name: "hobnob",

  // Where messages wait until they are answered, and what plugins remember.
  storage: storage(env.HOBNOB_STORAGE || "sqlite:data/hobnob.db"),

  // Encrypts the tokens of installations. To change it: the new one in front of the old one, with a comma between.
  secret: env.HOBNOB_SECRET?.split(","),

  // The platforms. One without its credentials runs in the sandbox.
  adapters: [
    slack({
      token: env.SLACK_BOT_TOKEN,
      signingSecret: env.SLACK_SIGNING_SECRET,
      clientId: env.SLACK_CLIENT_ID,
      clientSecret: env.SLACK_CLIENT_SECRET,
      appToken: env.SLACK_APP_TOKEN,
      botUserId: env.SLACK_BOT_USER_ID,
      apiUrl: env.SLACK_API_URL,
    }),
    ...(hasSecondApp
      ? [
          slack({
            name: "twilio-events",
            path: "/twilio/events",
            botUserIdPaths: ["/bot_user_id", "/twilio/bot_user_id"],
            token: env.TWILIO_EVENTS_BOT_TOKEN,
            signingSecret: env.TWILIO_EVENTS_SIGNING_SECRET,
            botUserId: env.TWILIO_EVENTS_BOT_USER_ID,
            apiUrl: env.TWILIO_EVENTS_API_URL,
          }),
        ]
      : []),
    twist({
      token: env.TWIST_TOKEN,
      verifyToken: env.TWIST_VERIFY_TOKEN,
      clientId: env.TWIST_CLIENT_ID,
      clientSecret: env.TWIST_CLIENT_SECRET,
      botUserId: env.TWIST_BOT_USER_ID,
      apiUrl: env.TWIST_API_URL,
    }),
    twitter({
      appKey: env.TWITTER_APP_KEY,
      appSecret: env.TWITTER_APP_SECRET,
      accessToken: env.TWITTER_ACCESS_TOKEN,
      accessSecret: env.TWITTER_ACCESS_SECRET,
      bearerToken: env.TWITTER_BEARER_TOKEN,
      apiUrl: env.TWITTER_API_URL,
    }),
    livechat({
      clientId: env.LIVECHAT_CLIENT_ID,
      clientSecret: env.LIVECHAT_CLIENT_SECRET,
      redirectUri: env.LIVECHAT_REDIRECT_URI,
      webhookSecret: env.LIVECHAT_WEBHOOK_SECRET,
      personalAccessToken: env.LIVECHAT_PERSONAL_ACCESS_TOKEN,
      accountId: env.LIVECHAT_ACCOUNT_ID,
      organizationId: env.LIVECHAT_ORGANIZATION_ID,
      accountsUrl: env.LIVECHAT_ACCOUNTS_URL,
      apiUrl: env.LIVECHAT_API_URL,
    }),
    twilio({
      accountSid: env.TWILIO_ACCOUNT_SID,
      authToken: env.TWILIO_AUTH_TOKEN,
      apiKey: env.TWILIO_API_KEY,
      apiSecret: env.TWILIO_API_SECRET,
      from: env.TWILIO_FROM,
      apiUrl: env.TWILIO_API_URL,
    }),
  ],

  // What the bot can do. Try another text: pizza({ text: "Patience!" }). Behind its options a plugin takes where it is on, by
  // names of adapters and ids of conversations: pizza({}, { on: ["slack"], channels: ["C024BE91L"] }).
  plugins: [
    pizza(),
    ping(),
    // Asks an HTTP backend what no other plugin answers; without its address the sandbox's, never on a real Slack.
    ...(env.ASK_API_URL || !isOnSlack
      ? [
          askApi(
            {
              url: env.ASK_API_URL,
              streaming: env.ASK_API_STREAMING !== "false",
              listen: "unclaimed",
              pingPaths: ["/slack/ping-api", "/twilio/ping-api"],
            },
            { on: hasSecondApp ? ["slack", "twilio-events"] : ["slack"] },
          ),
        ]
      : []),
    // Lists the threads somebody let go quiet; where there are threads, it explains itself to whoever says what nobody understands.
    staleThreads(),
    // Draws portraits by itself; with IMAGE_API_URL a model does. Customers at LiveChat do not name the bot.
    imageCommand({
      generator: env.IMAGE_API_URL
        ? { kind: "http", baseUrl: env.IMAGE_API_URL, apiKey: env.IMAGE_API_KEY, model: env.IMAGE_API_MODEL }
        : { kind: "portrait" },
      anyone: ["livechat"],
      // `stop` ends an answer of ask-api here, so it must not end pictures too.
      leave: ["unsubscribe"],
    }),
    // Every message of some channels becomes a ticket; without credentials in the sandbox's Zendesk, never from a real Slack.
    ...(env.ZENDESK_SUBDOMAIN || env.ZENDESK_API_URL || !isOnSlack
      ? [
          zendeskSync({
            subdomain: env.ZENDESK_SUBDOMAIN,
            oauthToken: env.ZENDESK_OAUTH_TOKEN,
            clientId: env.ZENDESK_CLIENT_ID,
            clientSecret: env.ZENDESK_CLIENT_SECRET,
            email: env.ZENDESK_EMAIL,
            token: env.ZENDESK_TOKEN,
            webhookSecret: env.ZENDESK_WEBHOOK_SECRET,
            webhookToken: env.ZENDESK_WEBHOOK_TOKEN,
            apiUrl: env.ZENDESK_API_URL,
            group: env.ZENDESK_GROUP_ID,
            channels: helpChannels,
            mail: { adapter: "slack", id: helpChannels[0]! },
          }),
        ]
      : []),
  ],
});

function storage(url: string) {
  if (url === "memory:") return memory();
  if (/^sqlite:./.test(url)) return sqlite({ file: url.slice("sqlite:".length) });
  if (/^postgres(ql)?:/.test(url)) return postgres({ url });
  if (/^rediss?:/.test(url)) return redis({ url });
  // Only the scheme: what follows may hold a password.
  const scheme = /^\w+:/.exec(url)?.[0] ?? "a text without a scheme";
  throw new HobnobError(
    "CONFIG_STORAGE",
    `HOBNOB_STORAGE is ${scheme}. Use sqlite:<file>, postgres://…, redis://… or memory: instead.`,
  );
}
