import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DeliveryError, HobnobError, RateLimitError } from "../../src/core/index.ts";
import { testBot } from "../../src/testing/index.ts";
import { openBot, platform } from "../core/stage.ts";
import { openStudio, PNG, TEXT } from "./image-command-stage.ts";

const SORRY = "Uh oh something bad happened and idk what it was";
const RANGE = "Enter a number between 0 and 2^32 -1";
const HELP =
  "This is what I can draw:\n• `moerand`: a random picture\n• `moemess`: a wild one\n• `moename`: the picture of a name or a number";

describe("whoever says a command to the bot", () => {
  test("gets a picture with its description, by mention and directly", async () => {
    using studio = openStudio();
    await using bot = await testBot(studio.plugin());
    expect(await bot.says("@bot MoeName 42")).toEqual([TEXT]);
    expect(await bot.says("moename 42", { conversation: "dm" })).toEqual([TEXT]);
    expect(bot.sent.map(({ attachments }) => attachments)).toEqual(
      Array(2).fill([
        { name: "seed0042.png", mimeType: "image/png", data: PNG, altText: "A generated portrait, seed 42" },
      ]),
    );
  });

  test("is answered in the thread of the message", async () => {
    using studio = openStudio();
    await using bot = await testBot(studio.plugin());
    await bot.says("@bot moerand", { thread: "t1" });
    expect(bot.sent[0]?.conversation).toMatchObject({ id: "general", thread: "t1" });
  });

  test("elsewhere is not answered, nor are other bots, nor a mention without a command", async () => {
    using studio = openStudio();
    await using bot = await testBot(studio.plugin({ help: false }));
    expect(await bot.says("moerand is a fine word")).toEqual([]);
    expect(await bot.says("@bot moerand", { bot: true })).toEqual([]);
    expect(await bot.says("@bot how are you?")).toEqual([]);
    expect(studio.drawings).toEqual([]);
  });

  test("is answered everywhere on the adapters that the config names, and only for a command", async () => {
    using studio = openStudio();
    await using bot = await testBot(studio.plugin({ anyone: ["test"] }));
    expect(await bot.says("one moerand, please")).toEqual([TEXT]);
    expect(await bot.says("I have a question", { conversation: "dm" })).toEqual([]);
  });

  test("in words that mean nothing is told what there is", async () => {
    using studio = openStudio();
    await using bot = await testBot(studio.plugin());
    expect(await bot.says("@bot moerend")).toEqual([HELP]);
    expect(await bot.says("hello", { conversation: "dm" })).toEqual([HELP]);
    expect(await bot.says("hello")).toEqual([]);
  });
});

describe("which picture", () => {
  test("is drawn follows from the command", async () => {
    using studio = openStudio();
    await using bot = await testBot(studio.plugin());
    for (const text of ["moename hey give me an anime girl", "moemess", "moerand moename 7"]) {
      expect(await bot.says(`@bot ${text}`)).toEqual([TEXT]);
    }
    const [name, mess, random] = studio.drawings;
    expect(name).toEqual({ seed: 579688718, truncation: 0.55 });
    expect(mess?.truncation).toBe(1);
    expect(random?.seed).not.toBe(7);
    for (const drawing of studio.drawings) expect(drawing.seed).toBeLessThan(2 ** 32);
    expect(studio.files()).toEqual(
      [`messseed${String(mess?.seed).padStart(4, "0")}.png`, `seed${random?.seed}.png`, "seed579688718.png"].sort(),
    );
  });

  test("has been drawn before is not drawn again", async () => {
    using studio = openStudio();
    await using bot = await testBot(studio.plugin());
    for (const user of ["ada", "bob"]) expect(await bot.says("@bot moename 7", { user })).toEqual([TEXT]);
    expect(studio.drawings).toEqual([{ seed: 7, truncation: 0.55 }]);
    expect(studio.files()).toEqual(["seed0007.png"]);
  });

  test("cannot be drawn is said at once, without a worker and without trying again", async () => {
    using studio = openStudio();
    await using bot = await testBot(studio.plugin());
    expect(await bot.says("@bot moename 4294967296")).toEqual([RANGE]);
    expect(await bot.says("@bot moename")).toEqual(["Say `moename` and a name, for example `moename Ada`."]);
    expect(await bot.advance("7d")).toEqual([]);
    expect(studio.drawings).toEqual([]);
    expect(bot.warnings).toEqual([]);
  });
});

describe("when the generator fails", () => {
  test("it is asked again for the same picture", async () => {
    using studio = openStudio(() => {
      if (studio.drawings.length < 3) throw new HobnobError("IMAGE_FAILED", "The image service answered HTTP 500.");
      return PNG;
    });
    await using bot = await testBot(studio.plugin());
    expect(await bot.says("@bot moerand")).toEqual([]);
    expect(await bot.advance("1m")).toEqual([TEXT]);
    expect(new Set(studio.drawings.map(({ seed }) => seed)).size).toBe(1);
    expect(studio.drawings).toHaveLength(3);
  });

  test("every time, the person hears of it once, the letter is dead, and nothing is tried any more", async () => {
    using studio = openStudio(() => {
      throw new HobnobError("IMAGE_FAILED", "The image service answered HTTP 500.");
    });
    await using bot = await testBot(studio.plugin({ attempts: 3 }));
    await bot.says("@bot moename Ada", { user: "bob" });
    expect(await bot.advance("1h")).toEqual([SORRY]);
    expect(await bot.advance("7d")).toEqual([]);
    expect(studio.drawings).toHaveLength(3);
    const [letter, ...others] = await bot.deadLetters();
    expect(others).toEqual([]);
    expect(letter).toMatchObject({ plugin: "image-command", handler: "job:draw", pool: "gpu", attempts: 3 });
    const { payload } = letter!.payload as { payload: object };
    expect(Object.entries(payload)).toEqual([
      ["msg_type", "tweet"],
      ["respond_id", "message-1"],
      ["text", "moename Ada"],
      ["user_id", "bob"],
    ]);
  });

  test("for good, the person hears of it at once", async () => {
    using studio = openStudio(() => {
      throw new HobnobError("IMAGE_FAILED", "The image service answered HTTP 401.", { permanent: true });
    });
    await using bot = await testBot(studio.plugin());
    expect(await bot.says("moerand", { conversation: "dm" })).toEqual([SORRY]);
  });

  test("it is not told from garbage, half a picture, or too large a one", async () => {
    const bad = [Buffer.from("<html>"), PNG.subarray(0, 40), Buffer.concat([PNG, Buffer.alloc(2000)]), Buffer.alloc(0)];
    using studio = openStudio(() => bad[studio.drawings.length - 1] ?? PNG);
    await using bot = await testBot(studio.plugin({ maxBytes: 1000 }));
    await bot.says("@bot moerand");
    expect(await bot.advance("10m")).toEqual([TEXT]);
    expect(studio.drawings).toHaveLength(5);
    expect(bot.warnings.join(" ")).toContain("no whole PNG");
    expect(bot.warnings.join(" ")).toContain("more than 1000 bytes");
  });

  test("because it is busy, no attempt is used", async () => {
    using studio = openStudio(() => {
      if (studio.drawings.length < 20)
        throw new RateLimitError("The image service takes no more.", { retryAfter: 60_000 });
      return PNG;
    });
    await using bot = await testBot(studio.plugin({ attempts: 1 }));
    await bot.says("@bot moerand");
    expect(await bot.advance("1h")).toEqual([TEXT]);
    expect(bot.warnings).toEqual([]);
  });

  test("by never answering, it is given up after the time-out", async () => {
    using studio = openStudio(() => (studio.drawings.length === 1 ? new Promise(() => {}) : PNG));
    await using bot = await testBot(studio.plugin({ timeout: "20ms" }));
    await bot.says("@bot moerand");
    expect(bot.warnings.join(" ")).toContain("The generator took longer than 20 ms");
    expect(await bot.advance("1m")).toEqual([TEXT]);
  });
});

describe("a platform that refuses the picture", () => {
  const refusal = (permanent: boolean) => new DeliveryError("No pictures here.", { maybeSent: false, permanent });
  const channel = (permanent: boolean) =>
    platform("test", {
      before({ attachments }) {
        if (attachments.length > 0) throw refusal(permanent);
      },
    });
  const NOTE = `${TEXT} (The picture could not be sent here.)`;

  test("gets the text with a note, at once when it says no for good", async () => {
    using studio = openStudio();
    const test = channel(true);
    await using stage = await openBot([studio.plugin()], { adapters: [test] });
    await stage.hear("moerand", { isMention: true });
    await stage.settle();
    expect(test.texts).toEqual([NOTE]);
  });

  test("else at the last attempt", async () => {
    using studio = openStudio();
    const test = channel(false);
    await using stage = await openBot([studio.plugin({ attempts: 2 })], { adapters: [test] });
    await stage.hear("moerand", { isMention: true });
    await stage.settle();
    expect(test.texts).toEqual([]);
    await stage.advance(60_000);
    await stage.settle();
    expect(test.texts).toEqual([NOTE]);
    expect(await stage.storage.dead.list(10)).toEqual([]);
    expect(studio.drawings).toHaveLength(1);
  });
});

describe("the folder of the pictures", () => {
  test("may hold a broken file: it is drawn anew", async () => {
    using studio = openStudio();
    writeFileSync(join(studio.folder, "seed0007.png"), PNG.subarray(0, 30));
    await using bot = await testBot(studio.plugin());
    expect(await bot.says("@bot moename 7")).toEqual([TEXT]);
    expect(readFileSync(join(studio.folder, "seed0007.png"))).toEqual(PNG);
  });

  test("may be one that cannot be written: that is no reason to be silent", async () => {
    using studio = openStudio();
    await using bot = await testBot(studio.plugin({ cacheDir: "/dev/null/pictures" }));
    expect(await bot.says("@bot moename 7")).toEqual([TEXT]);
    expect(bot.warnings.join(" ")).toMatch(/could not be kept in `cacheDir`/);
  });
});

test("many at once are drawn one after the other, and the many who wait hold up nobody else", async () => {
  let under = 0;
  let most = 0;
  using studio = openStudio(async () => {
    most = Math.max(most, ++under);
    await new Promise((resolve) => setTimeout(resolve, 2));
    under -= 1;
    return PNG;
  });
  await using bot = await testBot(studio.plugin({ perPerson: false }));
  await Promise.all(Array.from({ length: 30 }, (_, n) => bot.says(`@bot moename ${n}`, { thread: `t${n}` })));
  await bot.advance("1m");
  expect(bot.sent).toHaveLength(30);
  expect(most).toBe(1);
  expect(bot.warnings).toEqual([]);
});

describe("a person", () => {
  test("has so many requests within a time, and others have theirs", async () => {
    using studio = openStudio();
    await using bot = await testBot(studio.plugin({ perPerson: { count: 2, per: "1h" } }));
    const ask = (user: string) => bot.says("@bot moerand", { user });
    expect([await ask("ada"), await ask("ada"), await ask("ada")].flat()).toEqual([
      TEXT,
      TEXT,
      "That is enough for now. Try again later.",
    ]);
    expect(await ask("bob")).toEqual([TEXT]);
    await bot.advance("1h");
    expect(await ask("ada")).toEqual([TEXT]);
  });

  test("who says stop hears nothing more until they say start", async () => {
    using studio = openStudio();
    await using bot = await testBot(studio.plugin());
    const say = (text: string) => bot.says(text, { conversation: "dm" });
    expect(await say("Stop.")).toEqual(["You will get no more pictures from me. Say `start` to change that."]);
    expect(await say("stop")).toEqual([]);
    expect(await say("moerand")).toEqual([]);
    expect(await say("hello?")).toEqual([]);
    expect(await bot.says("@bot moerand", { user: "bob" })).toEqual([TEXT]);
    expect((await say("start"))[0]).toMatch(/^Welcome back!\n• `moerand`/);
    expect(await say("moerand")).toEqual([TEXT]);
  });

  test("who says stop while a picture waits hears nothing of it", async () => {
    using studio = openStudio(() => {
      throw new HobnobError("IMAGE_FAILED", "The image service answered HTTP 500.");
    });
    await using bot = await testBot(studio.plugin());
    await bot.says("moerand", { conversation: "dm" });
    expect(await bot.says("stop", { conversation: "dm" })).toHaveLength(1);
    expect(await bot.advance("1d")).toEqual([]);
    expect(await bot.deadLetters()).toEqual([]);
  });
});

describe("options", () => {
  test("can leave opt-outs and help out", async () => {
    using studio = openStudio();
    await using bot = await testBot(studio.plugin({ leave: [], help: false }));
    for (const text of ["stop", "start", " ", "help"]) expect(await bot.says(text, { conversation: "dm" })).toEqual([]);
    expect(await bot.says("moerand", { conversation: "dm" })).toEqual([TEXT]);
  });

  test("change every word and text", async () => {
    using studio = openStudio();
    const commands = [{ word: "draw #", seed: "number" as const, prefix: "d", help: "a number" }];
    const texts = { picture: "Voilà", noSeed: "Which?", help: "{commands}" };
    await using bot = await testBot(studio.plugin({ commands, texts }));
    expect(await bot.says("@bot DRAW # 5")).toEqual(["Voilà"]);
    expect(await bot.says("@bot draw #")).toEqual(["Which?"]);
    expect(await bot.says("@bot moerand")).toEqual(["• `draw #`: a number"]);
    expect(studio.files()).toEqual(["dseed0005.png"]);
  });

  test.each([
    [{ timeout: "soon" }, 'option `timeout` is "soon": must be a duration such as `2m`'],
    [{ generator: { kind: "http", baseUrl: "file:///etc" } }, "option `generator.baseUrl`"],
    [{ generator: { kind: "portait" } }, "option `generator.kind`"],
    [{ generator: { kind: "portrait", width: 5 } }, "width"],
    [{ commands: [{ word: "a", seed: "random", prefix: "../x" }] }, "letters, digits and hyphens only"],
    [
      {
        commands: [
          { word: "a", seed: "text", truncation: 1 },
          { word: "b", seed: "text", truncation: 0.5 },
        ],
      },
      "another command with this prefix has truncation 1",
    ],
  ])("that make no sense are refused at start: %j", async (options, message) => {
    using studio = openStudio();
    await expect(testBot(studio.plugin(options as never))).rejects.toThrow(message);
  });
});
