import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { RateLimitError } from "../../src/core/index.ts";
import { command } from "../../src/plugins/image-command/generators/command.ts";
import { http } from "../../src/plugins/image-command/generators/http.ts";
import { portrait } from "../../src/plugins/image-command/generators/portrait.ts";
import { isPng } from "../../src/plugins/image-command/png.ts";
import { PNG } from "./image-command-stage.ts";

const signal = AbortSignal.timeout(60_000);
const asked = { seed: 42, truncation: 0.55, signal };
const limits = { maxBytes: 10_000 };

describe("a portrait", () => {
  const { draw } = portrait({ size: 64 });

  test("is a PNG of the size that was asked for, and the same for the same seed", async () => {
    const picture = Buffer.from(await draw(asked));
    expect(isPng(picture)).toBe(true);
    expect([picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual([64, 64]);
    expect(picture.equals(await portrait({ size: 64 }).draw(asked))).toBe(true);
  });

  test("is another for another seed, the opposite truncation, and the wild one", async () => {
    const pictures = await Promise.all(
      [asked, { ...asked, seed: 43 }, { ...asked, truncation: -0.55 }, { ...asked, truncation: 1 }].map(draw),
    );
    expect(new Set(pictures.map((picture) => Buffer.from(picture).toString("base64"))).size).toBe(4);
  });
});

type Answer = (response: ServerResponse, request: IncomingMessage, body: string) => void;

/** An image service on a port of its own. */
async function openService(answer: Answer) {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    answer(response, request, body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    generator: http(
      {
        baseUrl: `${url}/v1/`,
        apiKey: "a key",
        model: "moe-1",
        prompt: "A girl, number {seed}",
        size: "64x64",
        fields: { seed: "{seed}", note: "{truncation} of {nothing}" },
      },
      limits,
    ),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const json = (response: ServerResponse, data: unknown) => response.end(JSON.stringify(data));

describe("an image service", () => {
  test("is asked in OpenAI's way, and answers in base64", async () => {
    const calls: unknown[] = [];
    await using service = await openService((response, { method, url, headers }, body) => {
      calls.push([method, url, headers.authorization, JSON.parse(body)]);
      json(response, { data: [{ b64_json: PNG.toString("base64") }] });
    });
    expect(PNG.equals(await service.generator.draw(asked))).toBe(true);
    const request = { model: "moe-1", prompt: "A girl, number 42", n: 1, size: "64x64" };
    const more = { seed: 42, note: "0.55 of {nothing}" };
    expect(calls).toEqual([["POST", "/v1/images/generations", "Bearer a key", { ...request, ...more }]]);
  });

  test("may answer with an address, which is fetched without the key", async () => {
    const keys: unknown[] = [];
    await using service = await openService((response, { method, headers }) => {
      keys.push(headers.authorization);
      if (method === "POST") json(response, { data: [{ url: `${service.url}/picture.png` }] });
      else response.end(PNG);
    });
    expect(PNG.equals(await service.generator.draw(asked))).toBe(true);
    expect(keys).toEqual(["Bearer a key", undefined]);
  });

  test.each([
    [401, { permanent: true, message: "The image service answered HTTP 401. Check `generator.apiKey`." }],
    [404, { permanent: true, message: expect.stringContaining("Check `generator.baseUrl`") }],
    [400, { permanent: true }],
    [408, { permanent: false }],
    [503, { permanent: false, message: "The image service answered HTTP 503." }],
  ])("that answers %d has failed, and its words go nowhere", async (status, expected) => {
    await using service = await openService((response) => {
      response.statusCode = status;
      response.end("the prompt was A girl");
    });
    const error: unknown = await service.generator.draw(asked).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "IMAGE_FAILED", ...expected });
    expect(String(error)).not.toContain("prompt");
  });

  test.each([
    ["7", 7000],
    ["soon", 30_000],
  ])("that has enough for now is asked again after Retry-After: %s", async (after, retryAfter) => {
    await using service = await openService((response) => {
      response.writeHead(429, { "retry-after": after }).end();
    });
    const error: unknown = await service.generator.draw(asked).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ retryAfter });
  });

  test.each([
    ["no JSON", "<html>", "did not answer with JSON"],
    ["null", "null", "answered without a picture"],
    ["nothing", "{}", "answered without a picture"],
    ["a file of this machine", '{"data":[{"url":"file:///etc/passwd"}]}', "answered without a picture"],
    ["far too much", "x".repeat(200_000), "more than 10000 bytes"],
  ])("that answers with %s has failed", async (_, body, message) => {
    await using service = await openService((response) => void response.end(body));
    await expect(service.generator.draw(asked)).rejects.toThrow(message);
  });

  test("that is not there has failed for now", async () => {
    const service = await openService(() => {});
    await service[Symbol.asyncDispose]();
    const failing = service.generator.draw(asked);
    await expect(failing).rejects.toMatchObject({ permanent: false });
    await expect(failing).rejects.toThrow("The image service cannot be reached: ECONNREFUSED.");
  });

  test("that breaks off in the middle has failed for now", async () => {
    await using service = await openService((response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write('{"data":', () => response.destroy());
    });
    const failing = service.generator.draw(asked);
    await expect(failing).rejects.toMatchObject({ code: "IMAGE_FAILED", permanent: false });
    await expect(failing).rejects.toThrow("The image service broke off in the middle: ");
  });

  test("that never answers is left when the time is up", async () => {
    await using service = await openService(() => {});
    const life = new AbortController();
    const drawing = service.generator.draw({ ...asked, signal: life.signal });
    life.abort(new Error("time is up"));
    await expect(drawing).rejects.toThrow("time is up");
  });
});

describe("a program", () => {
  const node = (script: string, ...args: string[]) =>
    command({ program: process.execPath, args: ["-e", script, "--", ...args] }, limits);
  const WRITE = `process.stdout.write(Buffer.from("${PNG.toString("base64")}", "base64"))`;

  test("writes the picture to its standard output", async () => {
    expect(PNG.equals(await node(WRITE).draw(asked))).toBe(true);
  });

  test("or to a file, and gets seed and truncation as they are, without a shell", async () => {
    const script = "require('fs').writeFileSync(process.argv[1], process.argv.slice(2).join(' '))";
    const drawn = await node(script, "{file}", "--seed={seed}", "{truncation}", "$(date)", "{other}").draw(asked);
    expect(Buffer.from(drawn).toString()).toBe("--seed=42 0.55 $(date) {other}");
  });

  test.each([
    ["process.exit(3)", "ended with exit code 3"],
    ["process.kill(process.pid, 'SIGTERM')", "was ended by SIGTERM"],
    ["setInterval(() => process.stdout.write(Buffer.alloc(9000)), 1)", "more than 10000 bytes"],
  ])("that does this has failed: %s", async (script, message) => {
    await expect(node(script).draw(asked)).rejects.toThrow(message);
  });

  test("that writes no file, or too large a one, has failed", async () => {
    await expect(node("", "{file}").draw(asked)).rejects.toThrow("wrote no picture to {file}: ENOENT");
    const large = "require('fs').writeFileSync(process.argv[1], Buffer.alloc(20000))";
    await expect(node(large, "{file}").draw(asked)).rejects.toThrow("more than 10000 bytes");
  });

  test("that is not there has failed", async () => {
    const missing = command({ program: "no-such-program", args: [] }, limits);
    await expect(missing.draw(asked)).rejects.toThrow("The program that draws could not be run: ENOENT.");
  });

  test("that takes too long is ended, with everything that it has started", async () => {
    const folder = await mkdtemp(join(tmpdir(), "hobnob-draw-"));
    const begun = join(folder, "begun");
    const late = join(folder, "late");
    const child = `require('fs').writeFileSync(${JSON.stringify(begun)}, ''); setTimeout(() => require('fs').writeFileSync(${JSON.stringify(late)}, ''), 300)`;
    const script = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' }); setInterval(() => {}, 1000)`;
    const life = new AbortController();
    const drawing = node(script).draw({ ...asked, signal: life.signal });
    while (!existsSync(begun)) await new Promise((resolve) => setTimeout(resolve, 5));
    life.abort(new Error("time is up"));
    await expect(drawing).rejects.toThrow("time is up");
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(existsSync(late)).toBe(false);
    await rm(folder, { recursive: true, force: true });
  });

  test("is not begun when the time is up already", async () => {
    const over = AbortSignal.abort(new Error("time is up"));
    await expect(node(WRITE).draw({ ...asked, signal: over })).rejects.toThrow("time is up");
  });
});
