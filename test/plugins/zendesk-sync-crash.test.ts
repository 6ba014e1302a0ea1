import { expect, test } from "vitest";
import type { ShownMessage } from "../../src/sandbox/index.ts";
import { slack, deliveryRules as slackRules } from "../../src/sandbox/slack/index.ts";
import { zendesk, deliveryRules as zendeskRules } from "../../src/sandbox/zendesk/index.ts";
import { createProject } from "../cli/stage.ts";
import { pause, supervise } from "../e2e/stage.ts";
import { createRandom } from "../random.ts";
import { openStage } from "../sandbox/stage.ts";
import { freePort } from "../servers/port.ts";
import { hello, SUPPORT, type Wire } from "./zendesk-sync-stage.ts";

const KILLS = 10;
const THREADS = 10;
const EACH = 3;

const CONFIG = `
import { slack } from "hobnob/adapters/slack";
import { zendeskSync } from "hobnob/plugins/zendesk-sync";
const given = (name: string) => JSON.parse(process.env["CREDENTIALS_" + name.toUpperCase()] ?? "{}");
const patience = Array.from({ length: 100 }, () => "200ms" as const);
export default defineConfig({
  name: "moe",
  secret: "a secret that is long enough",
  storage: sqlite({ file: "data/e2e.db" }),
  adapters: [slack({ ...given("slack"), pace: false })],
  plugins: [zendeskSync({ ...given("zendesk"), channels: ["${SUPPORT}"], attempts: 60, backoff: "50ms", patience, report: null })],
});
`;

// Both try again soon and for long, Zendesk too, so that nothing is lost on the way to the bot.
const SOON = Array.from({ length: 300 }, () => 100);
const { delayAfter: _, ...patient } = zendeskRules;
const PLATFORMS = [
  { platform: slack, rules: slackRules },
  { platform: zendesk, rules: patient },
];

test(`${THREADS} threads, ${KILLS} kills: each is one ticket, and nothing is lost or said twice`, {
  timeout: 60_000,
}, async () => {
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  await using stage = await openStage({ webhook: `${base}/slack/events`, retryDelays: SOON, platforms: PLATFORMS });
  const connect = (platform: string, name: string, path: string) =>
    stage.sandbox.connect({ platform, name, webhook: `${base}${path}` })!;
  const { ticketUrl: __, ...credentials } = connect("zendesk", "zendesk-sync", "/zendesk/webhook");
  const env: NodeJS.ProcessEnv = {
    HOBNOB_LOG_LEVEL: "silent",
    CREDENTIALS_SLACK: JSON.stringify(connect("slack", "slack", "/slack/events")),
    CREDENTIALS_ZENDESK: JSON.stringify(credentials),
  };
  using project = createProject(CONFIG);
  const bot = await supervise(project, port, env);
  const random = createRandom(20_261_121);

  const api = async (path: string): Promise<Wire> => {
    const headers = { authorization: `Bearer ${credentials.oauthToken}` };
    return (await fetch(`${credentials.apiUrl}/${path}`, { headers })).json();
  };
  const ticketOf = async (root: string): Promise<Wire> => {
    for (;;) {
      const [ticket] = (await api(`tickets?external_id=${root}`)).tickets;
      if (ticket !== undefined) return ticket;
      await pause(20);
    }
  };
  async function say(platform: string, said: object): Promise<string> {
    const response = await stage.control(`/${platform}/say`, said);
    return ((await response.json()) as { id: string }).id;
  }
  const bodies = async (ticket: number) =>
    (await api(`tickets/${ticket}/comments`)).comments.map(({ body }: Wire) => body) as string[];
  async function shown(root: string): Promise<string[]> {
    const response = await stage.control(`/slack/messages?conversation=support&thread=${root}`);
    return ((await response.json()) as ShownMessage[]).filter(({ self }) => self).map(({ text }) => text);
  }

  const talking = Array.from({ length: THREADS }, async (_, n) => {
    await pause(random.below(1500));
    const root = await say("slack", { text: `question ${n}`, user: "ada", conversation: "support" });
    for (let m = 0; m < EACH; m++) {
      await pause(random.below(400));
      await say("slack", { text: `more ${m}`, user: "ada", conversation: "support", thread: root });
    }
    const { id } = await ticketOf(root);
    for (let m = 0; m < EACH; m++) {
      await pause(random.below(400));
      await say("zendesk", { text: `answer ${m}`, user: "grace", conversation: `${id}` });
    }
    return { root, id };
  });
  const killing = (async () => {
    for (let n = 0; n < KILLS; n++) {
      await pause(20 + random.below(250));
      await bot.kill();
    }
  })();
  const threads = await Promise.all(talking);
  await killing;
  for (const { root, id } of threads) {
    while ((await bodies(id)).length < 1 + 2 * EACH || (await shown(root)).length < 1 + EACH) await pause(50);
  }
  await bot.stop();

  expect((await api("tickets?page[size]=100")).tickets.filter((ticket: Wire) => ticket.external_id)).toHaveLength(
    THREADS,
  );
  for (const { root, id } of threads) {
    const answers = Array.from({ length: EACH }, (_, m) => `(Zendesk): answer ${m}`);
    expect(await shown(root)).toEqual([hello(id), ...answers]);
    const comments = await bodies(id);
    // Slack does not wait with the next event until the one before it got through.
    expect(comments.filter((body) => body.startsWith("ada (Slack)")).toSorted()).toEqual(
      Array.from({ length: EACH }, (_, m) => `ada (Slack): more ${m}`),
    );
    expect(comments).toHaveLength(1 + 2 * EACH);
  }
  const audit = await project.hobnob(["audit", "--json"], env);
  expect(JSON.parse(audit.stdout)).toMatchObject({ ok: true });
  expect(bot.starts).toBe(KILLS + 1);
});
