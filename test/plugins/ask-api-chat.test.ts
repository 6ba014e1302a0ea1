import { describe, expect, test } from "vitest";
import { slack } from "../../src/adapters/slack/index.ts";
import { askApi } from "../../src/plugins/ask-api/index.ts";
import { testBot } from "../../src/testing/index.ts";
import { openPlatforms } from "../adapters/stage.ts";
import { type Asked, type Backend, openBackend, stream } from "./ask-api-stage.ts";

const delta = (content: string) =>
  `data: ${JSON.stringify({ choices: [{ delta: { content }, finish_reason: null }] })}\n\n`;
const END = [`data: ${JSON.stringify({ choices: [{ delta: {}, finish_reason: "stop" }] })}\n\n`, "data: [DONE]\n\n"];

const told = ({ asked }: Backend) =>
  asked.map(({ body }: Asked) => body.messages.map((one: { content: string }) => one.content));

/** A model that says how many messages it was sent. */
const counting = () =>
  openBackend((response, { body }) => {
    response.setHeader("content-type", "text/event-stream");
    return stream(response, [": a comment\n\n", delta(`${body.messages.length} `), delta("heard"), ...END]);
  });

type Options = NonNullable<Parameters<typeof askApi>[0]>;
const bot = (options: Options) => testBot(askApi({ format: "openai", ...options }));

describe("chat completions", () => {
  test("are streamed as server-sent events, wherever these are cut", async () => {
    const events = [delta("**Deux**"), delta(" ans, é"), delta("videmment."), ...END].join("");
    const pieces = events.match(/[\s\S]{1,7}/g)!;
    await using backend = await openBackend((response) => stream(response, pieces));
    const plugin = askApi({ url: backend.url, format: "openai", model: "small", system: "Sois bref.", token: "t" });
    await using stage = await openPlatforms({ adapters: [slack()], plugins: [plugin] });
    await stage.say("@moe combien ?");
    expect(await stage.answers(1)).toEqual(["*Deux* ans, évidemment."]);
    expect(backend.asked[0]!.headers.authorization).toBe("Bearer t");
    expect(backend.asked[0]!.body).toEqual({
      model: "small",
      stream: true,
      messages: [
        { role: "system", content: "Sois bref." },
        { role: "user", content: "combien ?" },
      ],
    });
  });

  test("come from the sandbox's backend too", async () => {
    const plugins = [askApi({ format: "openai" })];
    await using stage = await openPlatforms({ adapters: [slack()], plugins });
    await stage.say("@moe hello");
    expect(await stage.answers(1)).toEqual(["Sure, I'll get right on that!\r\nHELLO"]);
  });

  test("come whole where the backend does not stream", async () => {
    await using backend = await openBackend((response) =>
      response.end(JSON.stringify({ choices: [{ message: { content: "Deux ans." } }] })),
    );
    await using test = await bot({ url: backend.url, streaming: false });
    expect(await test.says("@bot combien ?")).toEqual(["Deux ans."]);
  });

  test.each([
    ["break off without an end", [delta("Deux ")]],
    ["hold an error", [delta("Deux "), 'data: {"error": {"message": "secret"}}\n\n']],
    ["are not JSON", [delta("Deux "), "data: secret\n\n"]],
  ])("that %s are a failure, and the log has nothing of them", async (_, pieces) => {
    await using backend = await openBackend((response) => stream(response, pieces));
    await using test = await bot({ url: backend.url });
    expect((await test.says("@bot combien ?")).at(-1)).toMatch(/^Impossible de contacter le chatbot/);
    expect(test.warnings.join()).not.toContain("secret");
    expect(test.warnings).toHaveLength(1);
  });
});

describe("the memory", () => {
  test("is of one person in one conversation", async () => {
    await using backend = await counting();
    await using test = await bot({ url: backend.url });
    const dm = { conversation: "dm" };
    expect(await test.says("un", dm)).toEqual(["1 heard"]);
    expect(await test.says("deux", dm)).toEqual(["3 heard"]);
    expect(await test.says("trois", { ...dm, user: "bob" })).toEqual(["1 heard"]);
    expect(await test.says("@bot quatre")).toEqual(["1 heard"]);
    expect(told(backend)[1]).toEqual(["un", "1 heard", "deux"]);
  });

  test("is empty after `oublie`, and after a day", async () => {
    await using backend = await counting();
    await using test = await bot({ url: backend.url });
    const dm = { conversation: "dm" };
    await test.says("un", dm);
    expect(await test.says("Oublie.", dm)).toEqual(["C'est oublié."]);
    expect(await test.says("deux", dm)).toEqual(["1 heard"]);
    await test.advance("25h");
    expect(await test.says("trois", dm)).toEqual(["1 heard"]);
    expect(await test.says("oublie")).toEqual([]);
  });

  test("holds so many messages and characters, the latest ones", async () => {
    await using backend = await counting();
    await using test = await bot({ url: backend.url, memoryMessages: 4, memoryCharacters: 40 });
    const dm = { conversation: "dm" };
    for (const text of ["un", "deux", "trois", "quatre"]) await test.says(text, dm);
    expect(told(backend)[3]).toEqual(["deux", "3 heard", "trois", "5 heard", "quatre"]);
    await test.says("x".repeat(50), dm);
    expect(await test.says("cinq", dm)).toEqual(["1 heard"]);
  });

  test("has nothing of an answer that failed", async () => {
    let isDown = true;
    await using backend = await openBackend((response) =>
      isDown ? response.writeHead(500).end() : stream(response, [delta("oui"), ...END]),
    );
    await using test = await bot({ url: backend.url });
    await test.says("un", { conversation: "dm" });
    isDown = false;
    await test.says("deux", { conversation: "dm" });
    expect(told(backend)).toEqual([["un"], ["deux"]]);
  });
});
