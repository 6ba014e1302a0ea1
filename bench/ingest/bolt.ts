import { App, HTTPReceiver, LogLevel } from "@slack/bolt";
import { REPLY } from "./event.ts";

// Bolt as its documentation sets it up: acknowledged first, answered after; nothing is stored.
const receiver = new HTTPReceiver({ signingSecret: process.env.SLACK_SIGNING_SECRET ?? "", logLevel: LogLevel.ERROR });
const app = new App({
  receiver,
  token: process.env.SLACK_BOT_TOKEN ?? "",
  logLevel: LogLevel.ERROR,
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL ?? "" },
});

app.message(/\bpizza\b/i, async ({ say }) => {
  await say(REPLY);
});

await app.start(Number(process.env.PORT));
process.send?.("ready");
