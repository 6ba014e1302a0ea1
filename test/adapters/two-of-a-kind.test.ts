import { expect, test } from "vitest";
import { livechat } from "../../src/adapters/livechat/index.ts";
import { twilio } from "../../src/adapters/twilio/index.ts";
import { twist } from "../../src/adapters/twist/index.ts";
import { twitter } from "../../src/adapters/twitter/index.ts";
import { type Adapter, definePlugin } from "../../src/core/index.ts";
import { openPlatforms } from "./stage.ts";

/** Says by which adapter it was asked. */
const echo = definePlugin({
  name: "echo",
  setup(bot) {
    bot.hears("who", (ctx) => ctx.reply(`${ctx.message.conversation.adapter} heard ${ctx.message.text}`));
  },
});

interface Pair {
  readonly title: string;
  readonly create: (name?: string) => Adapter;
  /** Where somebody speaks with the first and with the second. */
  readonly places: readonly [string, string];
  readonly missing: readonly string[];
}

const PAIRS: readonly Pair[] = [
  {
    title: "Twist",
    create: (name) => twist(name === undefined ? {} : { name, path: `/${name}` }),
    places: ["@ada", "@ada/the-other"],
    missing: ["THE_OTHER_TOKEN", "THE_OTHER_VERIFY_TOKEN"],
  },
  {
    title: "X",
    create: (name) => twitter(name === undefined ? {} : { name, path: `/${name}` }),
    places: ["@ada", "@ada/the-other"],
    missing: ["THE_OTHER_APP_KEY", "THE_OTHER_APP_SECRET", "THE_OTHER_ACCESS_TOKEN", "THE_OTHER_ACCESS_SECRET"],
  },
  {
    title: "LiveChat",
    create: (name) => livechat(name === undefined ? {} : { name }),
    // Both are in the same chat, as two apps of one license are.
    places: ["ada", "ada"],
    missing: ["THE_OTHER_CLIENT_ID", "THE_OTHER_CLIENT_SECRET", "THE_OTHER_WEBHOOK_SECRET"],
  },
  {
    title: "Twilio",
    create: (name) => twilio(name === undefined ? {} : { name, path: `/${name}` }),
    places: ["ada", "ada@the-other"],
    missing: ["THE_OTHER_ACCOUNT_SID", "THE_OTHER_AUTH_TOKEN", "THE_OTHER_FROM"],
  },
];

test.each(PAIRS)(
  "two adapters of $title in one bot each hear and answer their own",
  async ({ create, places, missing }) => {
    const adapters = [create(), create("the-other")];
    const [first] = adapters;
    expect(adapters[1]!.missing).toEqual(missing);
    expect(new Set(adapters.flatMap(({ paths }) => paths)).size).toBe(adapters.flatMap(({ paths }) => paths).length);
    await using stage = await openPlatforms({ adapters, plugins: [echo()] });
    const isShared = places[0] === places[1];
    for (const place of new Set(places)) {
      for (const text of ["who?", "who else?"]) await stage.say(text, { conversation: place });
    }
    for (const [at, place] of places.entries()) {
      const heard = ["who?", "who else?"].map((text) => `${adapters[at]!.name} heard ${text}`);
      const answers = await stage.answers(isShared ? 4 : 2, place);
      expect(answers.filter((text) => !isShared || text.startsWith(`${adapters[at]!.name} `))).toEqual(heard);
      expect(answers).toHaveLength(isShared ? 4 : 2);
    }
    const names = (await stage.deliveries()).map(({ app }) => app);
    expect(new Set(names)).toEqual(new Set([first!.name, "the-other"]));
    expect(stage.warnings).toEqual([]);
  },
);

// LiveChat sends to the addresses that an adapter has registered itself.
const TOLD = PAIRS.filter(({ title }) => title !== "LiveChat");

test.each(TOLD)("what is signed for one adapter of $title is refused by the other", async ({ create, places }) => {
  const adapters = [create(), create("the-other")];
  await using stage = await openPlatforms({ adapters, plugins: [echo()] });
  const { platform, name } = adapters[0]!;
  // The first app, told of the other's address.
  stage.sandbox.connect({ platform, name, webhook: `${stage.url}${adapters[1]!.paths[0]}` });
  const [mine, others] = places.map((place) => place.replace("ada", "zoe"));
  await stage.say("who?", { conversation: mine });
  await stage.settle();
  const statuses = (await stage.deliveries()).flatMap(({ attempts }) => attempts.map(({ status }) => status));
  expect(statuses.length).toBeGreaterThan(0);
  expect(statuses.every((status) => status === 401 || status === 403)).toBe(true);
  for (const place of [mine, others]) expect(await stage.answers(0, place)).toEqual([]);
});
