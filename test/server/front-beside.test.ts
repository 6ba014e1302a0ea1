import { describe, expect, test } from "vitest";
import { createRandom, type Random } from "../random.ts";
import { turn } from "../storage/desk.ts";
import { dial, post, serve } from "./front-stage.ts";

describe("beside node:http", () => {
  const ODD = [
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Content-Length: 2",
    "Connection: close",
    "Connection: upgrade",
    "Upgrade: h2c",
    "X-Slack-Signature: v0=abc",
    "X-Folded: a\r\n b",
    "X-Space : a",
    "X-High: \xe9",
    "X-Tab:\ta\t",
    "Cookie: a=1\r\nCookie: b=2",
    "X-Twice: 1\r\nx-twice: 2",
    "__proto__: a",
    "Trailer: x",
    "Keep-Alive: timeout=5",
  ];
  const BYTES = ["\r", "\n", "\0", " ", "\t", ":", "\x7f", "\x80", "\xff", "0", ",", ";", "\r\n", "\r\n\r\n", "_", "("];

  /** Something near a good request. */
  function request(random: Random): string {
    const more = random.list(random.below(3), () => random.pick(ODD));
    let text = post(
      "x".repeat(random.below(9)),
      more,
      random.pick(["/hook", "/hook?a=%20b", "/hook#x", "/hook?", "/"]),
    );
    for (let left = random.below(3); left > 0; left--) {
      const at = random.below(text.length);
      const cut = random.below(2);
      text = text.slice(0, at) + (random.below(3) === 0 ? "" : random.pick(BYTES)) + text.slice(at + cut);
    }
    return text;
  }

  test("a request near a good one is understood in the same way, however it is cut", async () => {
    await using ours = await serve({ serves: () => true });
    await using theirs = await serve({}, false);
    let byFront = 0;
    for (let seed = 0; seed < 1000; seed++) {
      const random = createRandom(seed);
      const bytes = request(random);
      const cuts = random.list(random.below(3), () => random.below(bytes.length)).sort((a, b) => a - b);
      const results = await Promise.all(
        [ours, theirs].map(async (server) => {
          server.received.length = 0;
          using client = dial(server.port);
          for (const [at, cut] of [0, ...cuts].entries()) {
            client.send(bytes.slice(cut, cuts[at] ?? bytes.length));
            await turn();
          }
          client.socket.end();
          await client.ended();
          const understood = server.received.map(({ by: _, ...request }) => request);
          // What is wrong behind a request spoils its answer there, and here no more than the next.
          return { understood, status: client.answers().at(-1)?.[0] };
        }),
      );
      if (ours.received[0]?.by === "front") byFront += 1;
      expect(results[0], `seed ${seed}: ${JSON.stringify(bytes)}`).toEqual(results[1]);
    }
    // It must not pass because nothing was looked at.
    expect(byFront).toBeGreaterThan(100);
    expect(byFront).toBeLessThan(900);
  });
});
