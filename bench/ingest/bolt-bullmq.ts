import { App, HTTPReceiver, LogLevel } from "@slack/bolt";
import { Queue, Worker } from "bullmq";
import { REPLY } from "./event.ts";

interface Answer {
  readonly channel: string;
  readonly text: string;
}

// Bolt made durable by hand: the listener stores a job before the acknowledgement leaves, a worker answers.
const connection = { host: "127.0.0.1", port: Number(process.env.BENCH_REDIS_PORT) };
const queue = new Queue<Answer>(`bolt-${process.pid}`, { connection });
const receiver = new HTTPReceiver({
  signingSecret: process.env.SLACK_SIGNING_SECRET ?? "",
  logLevel: LogLevel.ERROR,
  processBeforeResponse: true,
});
const app = new App({
  receiver,
  token: process.env.SLACK_BOT_TOKEN ?? "",
  logLevel: LogLevel.ERROR,
  processBeforeResponse: true,
  clientOptions: { slackApiUrl: process.env.SLACK_API_URL ?? "" },
});

app.message(/\bpizza\b/i, async ({ message, body }) => {
  // The event's id drops redeliveries for as long as the finished job is kept.
  const options = { jobId: body.event_id, attempts: 8, removeOnComplete: { age: 3600 } };
  await queue.add("reply", { channel: message.channel, text: REPLY }, options);
});

const worker = new Worker<Answer>(queue.name, ({ data }) => app.client.chat.postMessage(data), {
  connection,
  concurrency: 64,
});

await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
await app.start(Number(process.env.PORT));
process.send?.("ready");
