import { describe, expect, test } from "vitest";
import { livechat } from "../../src/adapters/livechat/index.ts";
import { slack } from "../../src/adapters/slack/index.ts";
import { twilio } from "../../src/adapters/twilio/index.ts";
import { twist } from "../../src/adapters/twist/index.ts";
import { twitter } from "../../src/adapters/twitter/index.ts";
import type { Adapter } from "../../src/core/index.ts";
import { openPlatforms, type PlatformStage } from "../adapters/stage.ts";
import { openStudio, PNG, TEXT } from "./image-command-stage.ts";

interface Place {
  readonly adapter: () => Adapter;
  /** What names the bot, and where. */
  readonly name: string;
  readonly conversation?: string;
  /** The API call that carries the picture's bytes, or the picture itself. */
  readonly upload: string;
  /** What that call meets. */
  readonly fault: string;
}

const PLACES: readonly Place[] = [
  { adapter: () => twitter({ timeout: "300ms" }), name: "@moe ", upload: "initializeMediaUpload", fault: "500" },
  {
    adapter: () => twitter({ timeout: "300ms" }),
    name: "",
    conversation: "@grace",
    upload: "appendMediaUpload",
    fault: "lost-answer",
  },
  { adapter: () => slack({ pace: false }), name: "@moe ", upload: "files.getUploadURLExternal", fault: "500" },
  {
    adapter: () => slack({ pace: false }),
    name: "",
    conversation: "dm",
    upload: "files.completeUploadExternal",
    fault: "lost-answer",
  },
  { adapter: () => twist({ pace: false }), name: "@moe ", upload: "attachments/upload", fault: "500" },
  {
    adapter: () => twist({ pace: false }),
    name: "",
    conversation: "dm",
    upload: "attachments/upload",
    fault: "lost-answer",
  },
  { adapter: () => livechat(), name: "", upload: "upload_file", fault: "500" },
  { adapter: () => twilio({ pace: false }), name: "", upload: "messages.create", fault: "lost-answer" },
  {
    adapter: () => twilio({ pace: false }),
    name: "",
    conversation: "whatsapp/grace",
    upload: "messages.create",
    fault: "500",
  },
];
const cases = PLACES.map((place) => {
  const { platform } = place.adapter();
  return {
    ...place,
    platform,
    where: `${platform}${place.conversation === undefined ? "" : ` ${place.conversation}`}`,
  };
});

async function shown(stage: PlatformStage, conversation?: string) {
  return (await stage.messages(conversation)).filter(({ self }) => self);
}

async function expectOnePicture(stage: PlatformStage, conversation?: string) {
  await stage.answers(1, conversation);
  await stage.settle();
  const said = await shown(stage, conversation);
  expect(said.map(({ text }) => text).join("")).toBe(TEXT);
  const pictures = said.flatMap(({ attachments }) => attachments);
  expect(pictures).toEqual([expect.objectContaining({ mimeType: "image/png" })]);
}

describe.concurrent.each(cases)("on $where", ({ adapter, platform, name, conversation, upload, fault }) => {
  const open = (plugin: ReturnType<ReturnType<typeof openStudio>["plugin"]>) =>
    openPlatforms({ adapters: [adapter()], plugins: [plugin] });
  const say = (stage: PlatformStage, text: string) =>
    stage.say(`${name}${text}`, conversation === undefined ? {} : { conversation });

  test("a command is answered with the text and the picture, once however often it comes", async () => {
    using studio = openStudio();
    await using stage = await open(studio.plugin({ anyone: ["livechat"] }));
    await stage.control(`/${platform}/faults`, { on: "events", kind: "duplicate" });
    await say(stage, "moename hey give me an anime girl");
    await expectOnePicture(stage, conversation);
    expect(studio.drawings).toEqual([{ seed: 579688718, truncation: 0.55 }]);
    expect(stage.warnings).toEqual([]);
  });

  test(`the end is the same when the picture meets ${fault}`, async () => {
    using studio = openStudio();
    await using stage = await open(studio.plugin({ anyone: ["livechat"] }));
    await stage.control(`/${platform}/faults`, { on: upload, kind: fault });
    await say(stage, "moename 7");
    await expectOnePicture(stage, conversation);
    expect(studio.drawings).toEqual([{ seed: 7, truncation: 0.55 }]);
  });
});

describe.concurrent.each([
  ...["429", "500", "timeout", "lost-answer"].flatMap((kind) => [
    { on: "finalizeMediaUpload", kind },
    { on: "createPosts", kind },
  ]),
  ...["duplicate", "reorder", "timeout", "lost-answer"].map((kind) => ({ on: "events", kind })),
])("on X, when $on meets $kind", (fault) => {
  test("there is one picture all the same", async () => {
    using studio = openStudio();
    const adapters = [twitter({ timeout: "300ms" })];
    await using stage = await openPlatforms({ adapters, plugins: [studio.plugin()] });
    await stage.control("/twitter/faults", fault);
    await stage.say("@moe moename 7");
    // What is held back to be overtaken needs something that overtakes it.
    if (fault.kind === "reorder") await stage.say("hello", { user: "bob", conversation: "@bob" });
    await expectOnePicture(stage);
    expect(studio.drawings).toEqual([{ seed: 7, truncation: 0.55 }]);
  });
});

test("a picture that is too large for X leaves its text", async () => {
  const large = Buffer.concat([PNG.subarray(0, -12), Buffer.alloc(5_000_000), PNG.subarray(-12)]);
  using studio = openStudio(() => large);
  const plugin = studio.plugin({ maxBytes: 6_000_000 });
  await using stage = await openPlatforms({ adapters: [twitter()], plugins: [plugin] });
  await stage.say("@moe moerand");
  expect(await stage.answers(1)).toEqual([TEXT]);
  expect(await stage.bot.storage.dead.list(10)).toEqual([]);
});

test("on X an answer to the bot needs no name, and gets a direct message; a post that only holds the word gets nothing", async () => {
  using studio = openStudio();
  await using stage = await openPlatforms({ adapters: [twitter()], plugins: [studio.plugin()] });
  await stage.say("@MOE MoeRand");
  await stage.answers(1);
  const [picture] = await shown(stage);
  await stage.say("moename 42", { user: "bob", thread: picture!.id });
  await stage.say("moerand", { user: "grace" });
  expect(await stage.answers(1, "@bob")).toEqual([TEXT]);
  expect(await stage.answers(1)).toEqual([TEXT]);
  expect(studio.drawings.slice(1)).toEqual([{ seed: 42, truncation: 0.55 }]);
});

test("a slash command does the same", async () => {
  using studio = openStudio();
  await using stage = await openPlatforms({ adapters: [slack({ pace: false })], plugins: [studio.plugin()] });
  await stage.control("/slack/command", { name: "moename", text: "42", user: "ada", conversation: "general" });
  await expectOnePicture(stage);
  expect(studio.drawings).toEqual([{ seed: 42, truncation: 0.55 }]);
});
