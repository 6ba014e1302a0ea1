import { expect, test } from "vitest";
import type { ShownMessage } from "../../src/sandbox/index.ts";
import { createProject } from "../cli/stage.ts";
import { pause, supervise } from "../e2e/stage.ts";
import { createRandom } from "../random.ts";
import { openStage } from "../sandbox/stage.ts";
import { freePort } from "../servers/port.ts";

const KILLS = 10;
const PEOPLE = ["ada", "bob", "grace", "linus"];

const CONFIG = `
import { slack } from "hobnob/adapters/slack";
import { askApi } from "hobnob/plugins/ask-api";
export default defineConfig({
  name: "moe",
  secret: "a secret that is long enough",
  storage: sqlite({ file: "data/e2e.db" }),
  adapters: [slack({ ...JSON.parse(process.env.CREDENTIALS ?? "{}"), pace: false })],
  plugins: [askApi({ url: process.env.ASK_API_URL })],
});
`;

const question = (n: number) => `question ${n}: ${"et encore ".repeat(3)}?`;
const answer = (n: number) => `Sure, I'll get right on that!\r\n${question(n).toUpperCase()}`;

test(`${KILLS} kills in the middle of answers: each ends complete, once, and nothing stands beside it`, {
  timeout: 60_000,
}, async () => {
  const port = await freePort();
  const retryDelays = Array.from({ length: 300 }, () => 100);
  await using stage = await openStage({ webhook: `http://127.0.0.1:${port}/slack/events`, retryDelays });
  const { url } = stage.sandbox.connect({ platform: "backend", name: "ask-api", webhook: "" })!;
  using project = createProject(CONFIG);
  const bot = await supervise(project, port, {
    HOBNOB_LOG_LEVEL: "silent",
    CREDENTIALS: JSON.stringify(stage.credentials),
    ASK_API_URL: url,
  });
  const random = createRandom(20_261_121);
  const saidTo = async (user: string) => {
    const shown: readonly ShownMessage[] = await stage.messages(`conversation=@${user}`);
    return shown.filter(({ self }) => self).map(({ text }) => text);
  };

  let asked = 0;
  let isOver = false;
  const asking = PEOPLE.map(async (user) => {
    const questions: number[] = [];
    while (!isOver) {
      const n = asked++;
      questions.push(n);
      await stage.say({ text: question(n), user, conversation: `@${user}` });
      // The next one when this one is through, so that a kill meets an answer and not a queue of them.
      while ((await saidTo(user)).at(-1) !== answer(n)) await pause(20);
    }
    return { user, questions };
  });
  for (let n = 0; n < KILLS; n++) {
    await pause(100 + random.below(700));
    await bot.kill();
    // A question that dies eight times over is given up, and rightly so; on a slow machine that could happen here.
    const before = asked;
    while (n % 4 === 3 && asked < before + 2 * PEOPLE.length) await pause(20);
  }
  isOver = true;
  const done = await Promise.all(asking);
  await bot.stop();
  for (const { user, questions } of done) expect(await saidTo(user)).toEqual(questions.map(answer));
  const audit = await project.hobnob(["audit", "--json"]);
  expect(JSON.parse(audit.stdout), audit.stderr).toMatchObject({ ok: true });
});
