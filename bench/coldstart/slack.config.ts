import { defineConfig } from "hobnob";
import { slack } from "hobnob/adapters/slack";
import { pizza } from "hobnob/plugins/pizza";
import { sqlite } from "hobnob/storage/sqlite";

// The smallest bot that does what the one on Bolt does, but keeps its messages.
const { env } = process;

export default defineConfig({
  name: "bench",
  storage: sqlite({ file: env.BENCH_DATABASE! }),
  adapters: [
    slack({
      token: env.SLACK_BOT_TOKEN,
      signingSecret: env.SLACK_SIGNING_SECRET,
      botUserId: env.SLACK_BOT_USER_ID,
      apiUrl: env.SLACK_API_URL,
    }),
  ],
  plugins: [pizza()],
  server: { port: Number(env.PORT) },
});
