import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ShownMessage } from "../../src/sandbox/index.ts";
import { slack, deliveryRules as slackRules } from "../../src/sandbox/slack/index.ts";
import { twitter, deliveryRules as twitterRules } from "../../src/sandbox/twitter/index.ts";
import { createProject } from "../cli/stage.ts";
import { pause, supervise } from "../e2e/stage.ts";
import { createRandom } from "../random.ts";
import { openStage } from "../sandbox/stage.ts";
import { freePort } from "../servers/port.ts";
import { TEXT } from "./image-command-stage.ts";

const KILLS = 10;
const PEOPLE = 8;
const EACH = 3;

const CONFIG = `
import { appendFileSync } from "node:fs";
import { slack } from "hobnob/adapters/slack";
import { twitter } from "hobnob/adapters/twitter";
import { imageCommand } from "hobnob/plugins/image-command";
const given = (name: string) => JSON.parse(process.env["CREDENTIALS_" + name.toUpperCase()] ?? "{}");
const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");
const draw = async ({ seed }: { readonly seed: number }) => {
  appendFileSync("drawn.txt", seed + "\\n");
  await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 60));
  return png;
};
export default defineConfig({
  name: "moe",
  secret: "a secret that is long enough",
  storage: sqlite({ file: "data/e2e.db" }),
  adapters: [slack({ ...given("slack"), pace: false }), twitter(given("twitter"))],
  plugins: [imageCommand({ generator: { kind: "own", draw }, atOnce: 4, attempts: 40 })],
});
`;

// They try again soon and for long, X too, so that nothing is lost on the way to the bot.
const SOON = Array.from({ length: 300 }, () => 100);
const { delayAfter: _, ...patient } = twitterRules;
const PLATFORMS = [
  { platform: slack, rules: slackRules },
  { platform: twitter, rules: patient },
];

test(`${PEOPLE * EACH} pictures, ${KILLS} kills: each comes once, and none is drawn from two seeds`, {
  timeout: 60_000,
}, async () => {
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  await using stage = await openStage({ webhook: `${base}/slack/events`, retryDelays: SOON, platforms: PLATFORMS });
  const env: NodeJS.ProcessEnv = { HOBNOB_LOG_LEVEL: "silent" };
  for (const [platform, path] of [
    ["slack", "/slack/events"],
    ["twitter", "/twitter/webhook"],
  ] as const) {
    const given = stage.sandbox.connect({ platform, name: platform, webhook: `${base}${path}` });
    env[`CREDENTIALS_${platform.toUpperCase()}`] = JSON.stringify(given);
  }
  using project = createProject(CONFIG);
  const bot = await supervise(project, port, env);
  const random = createRandom(20_260_131);

  const places = Array.from({ length: PEOPLE }, (_, n) => {
    const platform = n % 2 === 0 ? "slack" : "twitter";
    return { platform, user: `p${n}`, conversation: `@p${n}` };
  });
  async function answers({ platform, conversation }: (typeof places)[number]) {
    const response = await stage.control(`/${platform}/messages?conversation=${encodeURIComponent(conversation)}`);
    return ((await response.json()) as ShownMessage[]).filter(({ self }) => self);
  }

  const talking = places.map(async ({ platform, ...said }) => {
    for (let n = 0; n < EACH; n++) {
      await stage.control(`/${platform}/say`, { ...said, text: `moerand number ${n}` });
      await pause(random.below(900));
    }
  });
  const killing = (async () => {
    for (let n = 0; n < KILLS; n++) {
      await pause(20 + random.below(200));
      await bot.kill();
    }
  })();
  await Promise.all([...talking, killing]);
  for (const place of places) while ((await answers(place)).length < EACH) await pause(20);
  await bot.stop();

  for (const place of places) {
    const said = await answers(place);
    expect(
      said.map(({ text }) => text),
      `answers to ${place.user}`,
    ).toEqual(Array(EACH).fill(TEXT));
    expect(said.map(({ attachments }) => attachments.length)).toEqual(Array(EACH).fill(1));
  }
  const drawn = readFileSync(join(project.folder, "drawn.txt"), "utf8").trim().split("\n");
  expect(new Set(drawn).size).toBe(PEOPLE * EACH);
  const kept = readdirSync(join(project.folder, "data/pictures")).filter((name) => !name.startsWith("."));
  expect(kept.sort()).toEqual([...new Set(drawn)].map((seed) => `seed${seed.padStart(4, "0")}.png`).sort());
  const audit = await project.hobnob(["audit", "--json"], env);
  expect(JSON.parse(audit.stdout)).toMatchObject({ ok: true });
});
