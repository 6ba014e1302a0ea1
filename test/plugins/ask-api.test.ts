import { describe, expect, test } from "vitest";
import { slack } from "../../src/adapters/slack/index.ts";
import { DeliveryError, type Scope } from "../../src/core/index.ts";
import { askApi, english } from "../../src/plugins/ask-api/index.ts";
import { pizza } from "../../src/plugins/pizza/index.ts";
import { openPlatforms, type PlatformStage } from "../adapters/stage.ts";
import { openBot, platform } from "../core/stage.ts";
import { openBackend, stream } from "./ask-api-stage.ts";

const WAIT = "_Un instant ..._ Je réfléchis à votre question :hourglass_flowing_sand:";
const ERROR = "Impossible de contacter le chatbot pour le moment.\nMerci de réessayer plus tard";

type Options = Parameters<typeof askApi>[0];

const open = (options: Options = {}, scope: Scope = {}) =>
  openPlatforms({ adapters: [slack()], plugins: [askApi(options, scope)] });

/** Everything that was ever to be seen in a conversation, in the order in which it appeared; edits count. */
async function watch(stage: PlatformStage, until: () => Promise<unknown>, conversation = "general"): Promise<string[]> {
  const seen: string[] = [];
  let isOver = false;
  const look = async () => {
    for (const { self, text } of await stage.messages(conversation)) if (self && !seen.includes(text)) seen.push(text);
  };
  const looking = (async () => {
    while (!isOver) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  await until();
  isOver = true;
  await looking;
  await look();
  return seen;
}

describe.concurrent("a question on Slack", () => {
  test("is answered word by word in one message of the thread, and the waiting text goes", async () => {
    const words = ["Bonjour", ",", " le", " cours", " dure", " **deux**", " ans", "."];
    await using backend = await openBackend((response) => setTimeout(() => stream(response, words, 200), 100));
    await using stage = await open({ url: `${backend.url}/rag/query/stream` });
    let id = "";
    const seen = await watch(stage, async () => {
      id = await stage.say("@moe combien de temps dure le cours ?");
      await stage.answers(1);
      await stage.settle();
    });
    expect(seen[0]).toBe(WAIT);
    expect(seen.length).toBeGreaterThan(2);
    const full = "Bonjour, le cours dure *deux* ans.";
    expect((await stage.messages()).slice(1)).toMatchObject([{ text: full, thread: id, self: true, edited: true }]);
    expect(backend.asked).toMatchObject([
      {
        path: "/rag/query/stream",
        body: { query: "combien de temps dure le cours ?", type: "slack", user_name: expect.stringMatching(/^C/) },
      },
    ]);
    expect(Object.keys(backend.asked[0]!.body)).toEqual(["query", "type", "user_name"]);
    expect(stage.warnings).toEqual([]);
  });

  test("is answered flat in a direct conversation, and whole by a backend that does not stream", async () => {
    await using backend = await openBackend((response) =>
      response.setHeader("content-type", "application/json").end(JSON.stringify("Deux ans\\/%*/\\et demi.")),
    );
    await using stage = await open({ url: backend.url, streaming: false });
    const seen = await watch(
      stage,
      async () => {
        await stage.say("combien ?", { conversation: "@ada" });
        await stage.answers(1, "@ada");
      },
      "@ada",
    );
    expect(seen).toContain("Deux ans\r\net demi.");
    expect((await stage.messages("@ada")).filter(({ self }) => self)).toMatchObject([{ thread: null }]);
  });

  test("that comes as a mention and as a message is asked once; one of a bot or without text never", async () => {
    await using backend = await openBackend((response) => response.end("oui"));
    await using stage = await open({ url: backend.url });
    const id = await stage.say("@moe tu es là ?");
    await stage.settle();
    await stage.control("/slack/redeliver", { id });
    await stage.say("@moe");
    await stage.say("@moe et moi ?", { bot: true });
    await stage.say("je parle à quelqu'un d'autre");
    await stage.settle();
    expect(backend.asked.map(({ body }) => body.query)).toEqual(["tu es là ?"]);
    expect(await stage.answers(1)).toEqual(["oui"]);
  });

  test("is answered to the last character, however many pieces come and however short the last one is", async () => {
    const words = Array.from({ length: 22 }, (_, n) => `mot${n + 1} `).concat("fin.");
    await using backend = await openBackend((response) => stream(response, words));
    await using stage = await open({ url: backend.url });
    await stage.say("@moe raconte");
    expect(await stage.answers(1)).toEqual([words.join("")]);
  });

  test("with 200 pieces in two seconds is edited about once a second, and waits as it is told by a 429", async () => {
    const pieces = Array.from({ length: 200 }, (_, n) => `${n} `);
    await using backend = await openBackend((response) => stream(response, pieces, 9));
    await using stage = await open({ url: backend.url });
    await stage.control("/slack/faults", { on: "chat.update", kind: "429", retryAfter: 1, times: 1 });
    const seen = await watch(stage, async () => {
      await stage.say("@moe compte");
      await stage.answers(1);
    });
    expect((await stage.answers(1))[0]).toBe(pieces.join(""));
    // The waiting text, the first words, and an edit a second.
    expect(seen.length).toBeLessThan(7);
  });

  test("by a slash command is answered too, with the waiting text for the asker alone", async () => {
    await using stage = await open();
    await stage.control("/slack/command", { name: "ask", text: "où est le cours ?" });
    expect((await stage.answers(2)).sort()).toEqual(["Sure, I'll get right on that!\r\nOÙ EST LE COURS ?", WAIT]);
    const waiting = (await stage.messages()).find(({ text }) => text === WAIT);
    expect(waiting?.visibility).toBe("author");
  });

  test("is one only when no other plugin wants it, where the config says so", async () => {
    const plugins = [pizza(), askApi({ listen: "unclaimed" })];
    await using stage = await openPlatforms({ adapters: [slack()], plugins });
    await stage.say("where is my pizza?", { conversation: "@ada" });
    await stage.say("hello", { conversation: "@bob", user: "bob" });
    expect(await stage.answers(1, "@bob")).toEqual(["Sure, I'll get right on that!\r\nHELLO"]);
    expect(await stage.answers(1, "@ada")).toEqual(["Pizza is on the way!"]);
    expect(await stage.control("/backend/messages")).toHaveLength(1);
  });

  test("that is too long is not asked, and the person knows why", async () => {
    await using stage = await open({ longestQuestion: 20 });
    await stage.say("@moe raconte-moi toute l'histoire");
    expect(await stage.answers(1)).toEqual([
      "Votre question est trop longue. Merci de la résumer en 20 caractères au plus.",
    ]);
    expect(await stage.control("/backend/messages")).toEqual([]);
  });

  test("gets an answer in English where the config says so", async () => {
    await using stage = await open({ ...english });
    await stage.say("@moe how long is the course (empty)?");
    expect(await stage.answers(1)).toEqual(["The chat bot cannot be reached at the moment.\nPlease try again later"]);
  });
});

describe.concurrent("an answer's text", () => {
  const answered = async (pieces: readonly string[]) => {
    await using backend = await openBackend((response) => stream(response, pieces));
    await using stage = await open({ url: backend.url });
    await stage.say("@moe ?!");
    return (await stage.answers(1))[0];
  };

  test("has its bold, italics and headings in Slack's way, and its line ends, wherever the pieces are cut", async () => {
    expect(await answered(["**gr", "as** et __ita", "lique__\\", "/%*", "/\\### Titre\\/%*/\\suite"])).toBe(
      "*gras* et _italique_\r\nTitre\r\nsuite",
    );
  });

  test("keeps code as it is", async () => {
    const code = "`__init__` et\n```\n### pas un titre\nx = __name__\n```";
    expect(await answered([code.slice(0, 12), code.slice(12)])).toBe(code);
  });

  test("keeps characters whose bytes come in two pieces, and what only looks like a marker", async () => {
    await using backend = await openBackend(async (response) => {
      const bytes = Buffer.from("déjà vu \\/%");
      for (const byte of bytes) {
        response.write(Buffer.from([byte]));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      response.end();
    });
    await using stage = await open({ url: backend.url });
    await stage.say("@moe ?!");
    expect(await stage.answers(1)).toEqual([expect.stringMatching(/^déjà vu .*%$/)]);
  });

  test("of many pages is shown in several messages, and one without end is cut, which is said", async () => {
    await using stage = await open({ longestAnswer: 15_000 });
    await stage.say("@moe raconte (huge)", { conversation: "@ada" });
    const texts = await stage.answers(4, "@ada");
    expect(texts.at(-1)).toBe("_La réponse était trop longue ; la suite manque._");
    expect(texts.slice(0, -1).join(" ")).toMatch(/^Sure.* word1 word2 .* word1\d{3}/s);
    expect(texts.length).toBeGreaterThan(3);
  });
});

describe.concurrent("a backend that fails", () => {
  test.each(["refuse", "error", "empty"])(
    "(%s) is told in the end, with no waiting text and nothing of its own",
    async (trouble) => {
      await using stage = await open();
      await stage.say(`@moe allô (${trouble}) ?`);
      expect(await stage.answers(1)).toEqual([ERROR]);
      expect(await stage.control("/backend/messages")).toHaveLength(1);
      expect(stage.warnings.join()).not.toMatch(/allô|hunter2/);
      expect(stage.warnings).toHaveLength(1);
    },
  );

  test("in the middle leaves what came, and says that it failed", async () => {
    await using stage = await open();
    await stage.say("@moe un deux trois (break) quatre cinq");
    expect(await stage.answers(2)).toEqual([expect.stringMatching(/^Sure, I'll get right/), ERROR]);
    expect(await stage.control("/backend/messages")).toHaveLength(1);
  });

  test("by being silent, at once or between two words, is not waited for any longer than set", async () => {
    await using stage = await open({ timeout: "200ms" });
    await stage.control("/backend/faults", { on: "query", kind: "timeout" });
    await stage.say("@moe allô ?");
    expect(await stage.answers(1)).toEqual([ERROR]);
    await using patient = await open({ silence: "100ms" });
    await patient.say("@moe allô (hang) ?");
    expect(await patient.answers(2)).toEqual(["Sure,", ERROR]);
  });

  test("because it is down, or sends something else, is told as well", async () => {
    const gone = await openBackend(() => {});
    await gone[Symbol.asyncDispose]();
    await using stage = await open({ url: gone.url });
    await stage.say("@moe allô ?");
    expect(await stage.answers(1)).toEqual([ERROR]);
    expect(stage.warnings.join()).toContain("ECONNREFUSED");
    await using odd = await openBackend((response) =>
      response.setHeader("content-type", "application/json").end('{"secret": 1}'),
    );
    await using other = await open({ url: odd.url, streaming: false });
    await other.say("@moe allô ?");
    expect(await other.answers(1)).toEqual([ERROR]);
    expect(other.warnings.join()).not.toContain("secret");
  });
});

test.concurrent("a backend that answers without end is not listened to for ever", async () => {
  await using backend = await openBackend(async (response) => {
    while (!response.closed) {
      response.write("x".repeat(100_000));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  });
  await using stage = await open({ url: backend.url, streaming: false });
  await stage.say("@moe allô ?");
  expect(await stage.answers(1)).toEqual([ERROR]);
  expect(stage.warnings.join()).toContain("longer than");
});

describe.concurrent("an answer that is not wanted any more", () => {
  test("stops when its asker says so, and the next question is answered", async () => {
    await using backend = await openBackend((response, { body }) =>
      stream(response, body.query === "raconte" ? Array.from({ length: 500 }, (_, n) => `${n} `) : ["oui"], 20),
    );
    await using stage = await open({ url: backend.url });
    await stage.say("raconte", { conversation: "@ada" });
    await stage.say("et puis ?", { conversation: "@ada", user: "ada" });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = performance.now();
    await stage.say("Annule !", { conversation: "@ada" });
    const texts = await stage.answers(3, "@ada");
    expect(performance.now() - before).toBeLessThan(8000);
    expect(texts).toEqual([expect.stringMatching(/^0 1 /), "_Réponse interrompue._", expect.anything()]);
    expect(texts[0]).not.toContain("400");
  });

  test("cannot be stopped by somebody else, and there may be nothing to stop", async () => {
    await using backend = await openBackend((response) => stream(response, Array(20).fill("x "), 50));
    await using stage = await open({ url: backend.url });
    const thread = await stage.say("@moe raconte");
    await stage.say("stop", { user: "bob", thread });
    await stage.say("@moe stop", { user: "grace" });
    const texts = await stage.answers(2);
    expect(texts.sort()).toEqual(["Aucune réponse n'est en cours.", "x ".repeat(20)]);
  });
});

describe.concurrent("several projects", () => {
  test("are asked each at its own address, with its own token, and nothing is mixed up", async () => {
    await using code = await openBackend((response) => response.end("du code"));
    await using site = await openBackend((response) =>
      response.setHeader("content-type", "application/json").end('"un cours"'),
    );
    const adapters = [slack(), slack({ name: "studi", path: "/studi/events" })];
    const plugins = [
      askApi({ url: `${code.url}/rag/query/stream`, token: "code-token" }, { name: "code-doc", on: ["slack"] }),
      askApi(
        { url: `${site.url}/rag/inference/no-conversation/ask-question`, streaming: false, token: "site-token" },
        { name: "website", on: ["studi"] },
      ),
    ];
    await using stage = await openPlatforms({ adapters, plugins });
    await stage.say("que fait cette fonction ?", { conversation: "@ada" });
    await stage.say("quels cours ?", { conversation: "@ada/studi" });
    expect(await stage.answers(1, "@ada")).toEqual(["du code"]);
    expect(await stage.answers(1, "@ada/studi")).toEqual(["un cours"]);
    const calls = [code, site].map(({ asked }) =>
      asked.map(({ path, headers, body }) => [path, headers.authorization, body.query]),
    );
    expect(calls).toEqual([
      [["/rag/query/stream", "Bearer code-token", "que fait cette fonction ?"]],
      [["/rag/inference/no-conversation/ask-question", "Bearer site-token", "quels cours ?"]],
    ]);
  });

  test("name the variable that is not set by what the config calls them", () => {
    expect(askApi().service?.missing).toEqual(["ASK_API_URL"]);
    expect(askApi({ url: "" }, { name: "code-doc" }).service?.missing).toEqual(["CODE_DOC_URL"]);
    expect(askApi({ url: "http://code-doc-api:8282/x" }).service?.missing).toEqual([]);
  });
});

test("the backend's ping is passed on, and its absence told", async () => {
  await using backend = await openBackend((response, { path }) => response.end(`<b>${path}</b>`));
  await using stage = await open({ url: `${backend.url}/rag/query`, pingPaths: ["/twilio/ping-api"] });
  const ping = async (method = "GET") => {
    const response = await fetch(`${stage.url}/twilio/ping-api`, { method });
    return [response.status, await response.text()];
  };
  expect(await ping()).toEqual([200, "<b>/ping</b>"]);
  expect((await ping("POST"))[0]).toBe(405);
  await backend[Symbol.asyncDispose]();
  expect(await ping()).toEqual([
    502,
    expect.stringContaining(`While fetching '${backend.url}/ping', occurs error: connect ECONNREFUSED`),
  ]);
});

test.each([
  [{ url: "ftp://x" }, /option `url`/],
  [{ url: "http://me:secret@backend/" }, /put no password into it/],
  [{ timeout: "soon" }, /option `timeout` is "soon": use a duration/],
])("refuses the options %j in one line", async (options, message) => {
  await expect(open(options)).rejects.toMatchObject({
    code: "PLUGIN_OPTIONS",
    message: expect.stringMatching(message),
  });
});

test("a question that could not be answered in the end leaves an apology, and no waiting text", async () => {
  await using backend = await openBackend((response) => response.end("oui"));
  const deleted: string[] = [];
  const adapter = platform("test", {
    before({ text }) {
      if (text === "oui") throw new DeliveryError("refused", { maybeSent: false, permanent: true });
    },
    async edit() {},
    async delete({ id }) {
      if (deleted.length === 0) deleted.push("refused");
      else deleted.push(id);
      if (deleted.length === 1) throw new DeliveryError("refused", { maybeSent: false, permanent: true });
    },
  });
  await using stage = await openBot([askApi({ url: backend.url })], { adapters: [adapter] });
  await stage.hear("allô ?", { isMention: true });
  await stage.settle();
  expect(adapter.texts).toEqual([WAIT, ERROR]);
  expect(deleted).toEqual(["refused", "post 1"]);
  expect(backend.asked).toHaveLength(1);
});

test("`hobnob check` tells whether the backend is reached, and what is not set", async () => {
  const find = async (url: string) => {
    const lines: string[] = [];
    const { service } = askApi({ url }, { name: "code-doc" });
    for await (const { level, subject, message } of service!.check!()) lines.push(`${level} ${subject}: ${message}`);
    return lines;
  };
  const backend = await openBackend((response) => response.writeHead(404).end());
  expect(await find(backend.url)).toEqual([`ok CODE_DOC_URL: The backend answers at ${backend.url}/ping.`]);
  await backend[Symbol.asyncDispose]();
  expect(await find(backend.url)).toEqual([
    expect.stringMatching(/^error CODE_DOC_URL: The backend cannot be reached .*ECONNREFUSED/),
  ]);
});
