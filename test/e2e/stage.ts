import { createProject, type Project, type RunningBot } from "../cli/stage.ts";
import { openStage } from "../sandbox/stage.ts";
import { freePort } from "../servers/port.ts";

const CONFIG = `
import { slack } from "hobnob/adapters/slack";
const { env } = process;
const worker = definePlugin({
  name: "worker",
  setup(bot) {
    bot.hears(/^\\d+$/, async (ctx) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 200));
      await ctx.reply("done " + ctx.message.text);
    }, { attempts: 40 });
    bot.hears("pizza", (ctx) => ctx.reply("Pizza is on the way!"));
    bot.hears("bomb", () => process.kill(process.pid, "SIGKILL"), { attempts: 3 });
    bot.hears("stumble", async (ctx) => {
      await ctx.reply("first words");
      if (ctx.attempt < 3) throw new Error("not yet");
      await ctx.reply("last words");
    }, { backoff: { delay: "500ms", factor: 1 } });
  },
});
export default defineConfig({
  name: "moe",
  storage: sqlite({ file: "data/e2e.db" }),
  adapters: [slack({
    token: env.SLACK_BOT_TOKEN,
    signingSecret: env.SLACK_SIGNING_SECRET,
    botUserId: env.SLACK_BOT_USER_ID,
    apiUrl: env.SLACK_API_URL,
    pace: false,
  })],
  plugins: [worker()],
});
`;

/** A bot in a process of its own that is started again whenever it ends, as a supervisor would. */
export interface SupervisedBot {
  readonly starts: number;
  /** Ends it at once; resolves when it runs again. */
  kill(): Promise<void>;
  /** Resolves when it was started so often, and runs. */
  started(times: number): Promise<void>;
  /** Stops it in good order, for good. */
  stop(): Promise<void>;
}

/** A simulated Slack that stays up and judges, and a bot that need not stay up. */
export async function openCrashStage() {
  const port = await freePort();
  // The platform tries again soon and for long: what was not acknowledged is not lost either.
  const retryDelays = Array.from({ length: 300 }, () => 150);
  const stage = await openStage({ webhook: `http://127.0.0.1:${port}/slack/events`, retryDelays });
  const { token, signingSecret, apiUrl, botUserId } = stage.credentials;
  const project = createProject(CONFIG);
  const bot = await supervise(project, port, {
    SLACK_BOT_TOKEN: token,
    SLACK_SIGNING_SECRET: signingSecret,
    SLACK_API_URL: apiUrl,
    SLACK_BOT_USER_ID: botUserId,
    HOBNOB_LOG_LEVEL: "silent",
  });

  return {
    bot,
    project,
    say: stage.say,
    messages: stage.messages,
    control: stage.control,
    /** Resolves when the event of this message was acknowledged. */
    async acknowledged(id: string): Promise<void> {
      for (;;) {
        const pending = await stage.deliveries("?pending=1");
        if (!pending.some(({ ts }) => ts === id)) return;
        await pause(10);
      }
    },
    /** The texts of the bot in a conversation, once there are so many. */
    async answers(conversation: string, count: number): Promise<string[]> {
      for (;;) {
        const texts = (await stage.messages(`conversation=${conversation}`)).filter((m) => m.self).map((m) => m.text);
        if (texts.length >= count) return texts;
        await pause(20);
      }
    },
    async [Symbol.asyncDispose]() {
      await bot.stop();
      project[Symbol.dispose]();
      await stage[Symbol.asyncDispose]();
    },
  };
}

/** Starts the bot of a project, and again whenever it ends. */
export async function supervise(project: Project, port: number, env: NodeJS.ProcessEnv): Promise<SupervisedBot> {
  let isStopping = false;
  let starts = 0;
  let current: RunningBot;
  const waiting: (() => void)[] = [];

  async function start() {
    current = await project.start(["--port", `${port}`, "--no-sandbox"], env);
    starts += 1;
    for (const look of waiting) look();
    void current.ended.then(() => {
      if (!isStopping) return start();
    });
  }
  await start();

  const started = (times: number) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (starts >= times) resolve();
      };
      waiting.push(look);
      look();
    });

  return {
    get starts() {
      return starts;
    },
    started,
    async kill() {
      const next = started(starts + 1);
      current.process.kill("SIGKILL");
      await next;
    },
    async stop() {
      if (isStopping) return;
      isStopping = true;
      await current.stop();
    },
  };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
