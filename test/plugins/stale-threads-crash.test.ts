import { expect, test } from "vitest";
import type { ShownMessage } from "../../src/sandbox/index.ts";
import { deliveryRules, twist } from "../../src/sandbox/twist/index.ts";
import { createProject } from "../cli/stage.ts";
import { pause, supervise } from "../e2e/stage.ts";
import { createRandom } from "../random.ts";
import { openStage } from "../sandbox/stage.ts";
import { freePort } from "../servers/port.ts";

const KILLS = 10;
const PEOPLE = 5;
const EACH = 4;

const CONFIG = `
import { twist } from "hobnob/adapters/twist";
import { staleThreads } from "hobnob/plugins/stale-threads";
export default defineConfig({
  name: "moe",
  secret: "a secret that is long enough",
  storage: sqlite({ file: "data/e2e.db" }),
  adapters: [twist({ ...JSON.parse(process.env.CREDENTIALS ?? "{}"), pace: false })],
  plugins: [staleThreads({ from: 0 })],
});
`;

// It tries again soon and for long, so that nothing is lost on the way to the bot.
const SOON = Array.from({ length: 300 }, () => 100);

test(`${PEOPLE * EACH} questions, ${KILLS} kills: each has one list`, { timeout: 60_000 }, async () => {
  const port = await freePort();
  const webhook = `http://127.0.0.1:${port}/stale-threads`;
  await using stage = await openStage({
    webhook,
    retryDelays: SOON,
    platforms: [{ platform: twist, rules: deliveryRules }],
  });
  const env: NodeJS.ProcessEnv = {
    HOBNOB_LOG_LEVEL: "silent",
    CREDENTIALS: JSON.stringify(stage.sandbox.connect({ platform: "twist", name: "twist", webhook })),
  };
  using project = createProject(CONFIG);
  const bot = await supervise(project, port, env);
  const random = createRandom(20_261_121);
  const people = Array.from({ length: PEOPLE }, (_, n) => `p${n}`);
  const say = (said: object) => stage.control("/twist/say", said);
  /** How many threads each list in this person's conversation with the bot has. */
  async function lists(user: string): Promise<readonly number[]> {
    const response = await stage.control(`/twist/messages?conversation=${encodeURIComponent(`@${user}`)}`);
    return ((await response.json()) as ShownMessage[])
      .filter(({ self, text }) => self && !text.startsWith("Getting stale threads."))
      .map(({ text }) => [...text.matchAll(/^\[.*\]\(https:\S+\) last updated on /gm)].length);
  }

  const talking = people.map(async (user) => {
    for (let n = 0; n < EACH; n++) {
      await say({ user, conversation: "general", text: `${user} begins thread ${n}` });
      await say({ user, conversation: `@${user}`, text: "stale threads" });
      while ((await lists(user)).length <= n) await pause(20);
    }
  });
  const killing = (async () => {
    for (let n = 0; n < KILLS; n++) {
      await pause(20 + random.below(250));
      await bot.kill();
    }
  })();
  await Promise.all([...talking, killing]);
  await bot.stop();

  for (const user of people) expect(await lists(user), `lists for ${user}`).toEqual([1, 2, 3, 4]);
  const audit = await project.hobnob(["audit", "--json"], env);
  expect(JSON.parse(audit.stdout)).toMatchObject({ ok: true });
});
