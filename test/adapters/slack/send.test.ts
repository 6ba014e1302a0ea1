import { afterEach, beforeEach, expect, test } from "vitest";
import type { Adapter } from "../../../src/core/index.ts";
import { failure } from "../stage.ts";
import { createFakeSlack, type FakeSlack, sendJson } from "./fake-slack.ts";
import { posted, reply, startSlack, to } from "./started.ts";

let api: FakeSlack;
let adapter: Adapter;

beforeEach(async () => {
  api = await createFakeSlack();
  ({ adapter } = await startSlack({ apiUrl: api.apiUrl }));
});

afterEach(async () => {
  await adapter.stop!();
  await api[Symbol.asyncDispose]();
});

test("a reply is posted in its thread with its name in the metadata", async () => {
  api.on("chat.postMessage", posted);
  expect(await adapter.send(to, reply())).toEqual({ id: "1800000300.000400", conversation: to });
  expect(api.calls[0]).toMatchObject({
    headers: { authorization: "Bearer xoxb-1" },
    args: {
      channel: "C0A1B2C3D",
      thread_ts: "1800000000.000100",
      text: "Hi *Ada*",
      unfurl_links: "false",
      metadata: { event_type: "hobnob_reply", event_payload: { ref: "store:1:reply" } },
    },
  });
  expect(api.calls[0]!.args).not.toHaveProperty("blocks");
});

test("a reply without a thread is posted at the top level", async () => {
  api.on("chat.postMessage", posted);
  await adapter.send({ adapter: "slack", id: "D0A1B2C3D", isDirect: true }, reply());
  expect(api.calls[0]!.args).not.toHaveProperty("thread_ts");
});

test("every character of a text arrives", async () => {
  api.on("chat.postMessage", posted);
  const text = 'héllo & wörld + 100% 漢字 🍕\n\ttab = "quotes"';
  await adapter.send(to, reply({ text }));
  expect(api.calls[0]!.args.text).toBe(text.replace("&", "&amp;"));
});

test("buttons come in blocks beside the text, and one id twice in two blocks", async () => {
  api.on("chat.postMessage", posted);
  const buttons = [
    { id: "yes", label: "Yes", value: "1", style: "primary" as const },
    { id: "docs", label: "Docs", url: "https://x.dev" },
    { id: "yes", label: "Yes, all", value: "2" },
  ];
  await adapter.send(to, reply({ buttons }));
  expect(api.calls[0]!.args).toMatchObject({
    text: "Hi *Ada*",
    blocks: [
      { type: "section", text: { type: "mrkdwn", text: "Hi *Ada*" } },
      {
        type: "actions",
        elements: [
          { type: "button", action_id: "yes", value: "1", style: "primary", text: { type: "plain_text", text: "Yes" } },
          { action_id: "docs", url: "https://x.dev" },
        ],
      },
      { type: "actions", elements: [{ action_id: "yes", value: "2" }] },
    ],
  });
});

test("a reply for its author alone is ephemeral", async () => {
  api.on("chat.postEphemeral", { ok: true, message_ts: "1800000300.000500" });
  const sent = await adapter.send(to, reply({ visibility: "author", author: "U0HUMAN01" }));
  expect(sent.id).toBe("1800000300.000500");
  expect(api.calls[0]!.args).toMatchObject({ user: "U0HUMAN01", thread_ts: "1800000000.000100", text: "Hi *Ada*" });
});

test("a reply for agents is an ordinary one, for Slack knows no agents", async () => {
  api.on("chat.postMessage", posted);
  await adapter.send(to, reply({ visibility: "agents" }));
  expect(api.calls.map(({ method }) => method)).toEqual(["chat.postMessage"]);
});

test("an attachment with an address is linked", async () => {
  api.on("chat.postMessage", posted);
  const attachments = [{ name: "a & b.png", mimeType: "image/png", url: "https://x.dev/a?b=1&c=2" }];
  await adapter.send(to, reply({ attachments }));
  expect(api.calls[0]!.args.text).toBe("Hi *Ada*\n<https://x.dev/a?b=1&amp;c=2|a &amp; b.png>");
});

test("an attachment with data is uploaded in three steps, the last of which shows it with the text", async () => {
  api.on("files.getUploadURLExternal", { ok: true, upload_url: `${api.origin}/upload/v1/ABC`, file_id: "F0A1B2C3D" });
  api.on("ABC", (response) => response.end("OK"));
  const shares = { public: { C0A1B2C3D: [{ ts: "1800000300.000600" }] } };
  api.on("files.completeUploadExternal", { ok: true, files: [{ id: "F0A1B2C3D", shares }] });
  const data = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const attachments = [{ name: "cat.png", mimeType: "image/png", data, altText: "a cat" }];
  expect(await adapter.send(to, reply({ attachments }))).toEqual({ id: "1800000300.000600", conversation: to });
  const [ticket, upload, complete] = api.calls;
  expect(ticket!.args).toEqual({ filename: "cat.png", length: "256", alt_text: "a cat" });
  expect(upload!.body.equals(data)).toBe(true);
  expect(upload!.headers.authorization).toBeUndefined();
  expect(complete!.args).toEqual({
    files: [{ id: "F0A1B2C3D", title: "cat.png" }],
    channel_id: "C0A1B2C3D",
    thread_ts: "1800000000.000100",
    initial_comment: "Hi *Ada*",
  });
});

test("a file for one person is not shown to everybody instead", async () => {
  const attachments = [{ name: "a", mimeType: "text/plain", data: Buffer.from("a") }];
  const error = await failure(adapter.send(to, reply({ attachments, visibility: "author", author: "U0HUMAN01" })));
  expect(error).toMatchObject({ maybeSent: false, permanent: true });
  expect(api.calls).toEqual([]);
});

test("a failed upload is certainly not sent, whatever happened to it", async () => {
  api.on("files.getUploadURLExternal", { ok: true, upload_url: `${api.origin}/upload/v1/SECRET`, file_id: "F1" });
  api.on("SECRET", (response) => response.writeHead(500).end());
  const error = await failure(
    adapter.send(to, reply({ attachments: [{ name: "a", mimeType: "text/plain", data: Buffer.from("a") }] })),
  );
  expect(error).toMatchObject({ maybeSent: false, permanent: false });
  expect(error.message).not.toContain("SECRET");
});

test("connections serve call after call, and many calls at once each get their own answer", async () => {
  api.on("chat.postMessage", (response, { args }) => sendJson(response, { ok: true, ts: `1800000300.${args.text}` }));
  for (let round = 0; round < 5; round++) await adapter.send(to, reply({ text: `00000${round}` }));
  expect(api.connections()).toBeLessThanOrEqual(2);
  const texts = Array.from({ length: 200 }, (_, at) => String(at).padStart(6, "0"));
  const sent = await Promise.all(texts.map((text) => adapter.send(to, reply({ text }))));
  expect(sent.map(({ id }) => id)).toEqual(texts.map((text) => `1800000300.${text}`));
  expect(api.connections()).toBeLessThanOrEqual(64);
});

test("an edit takes the old buttons away", async () => {
  api.on("chat.update", posted);
  await adapter.edit!({ id: "1800000300.000400", conversation: to }, reply());
  expect(api.calls[0]!.args).toEqual({ channel: "C0A1B2C3D", ts: "1800000300.000400", text: "Hi *Ada*", blocks: [] });
});

test("deleting what is gone and reacting twice are no errors, other refusals are", async () => {
  const sent = { id: "1800000300.000400", conversation: to };
  api.on(
    "chat.delete",
    { ok: true },
    { ok: false, error: "message_not_found" },
    { ok: false, error: "cant_delete_message" },
  );
  await adapter.delete!(sent);
  await adapter.delete!(sent);
  expect(await failure(adapter.delete!(sent))).toMatchObject({ permanent: true });
  api.on("reactions.add", { ok: true }, { ok: false, error: "already_reacted" }, { ok: false, error: "invalid_name" });
  await adapter.react!(sent, "tada");
  await adapter.react!(sent, "tada");
  expect(await failure(adapter.react!(sent, "tada"))).toMatchObject({ permanent: true });
  expect(await failure(adapter.react!({ ...sent, id: "1.2.trigger" }, "tada"))).toMatchObject({ permanent: true });
  expect(api.calls[3]!.args).toEqual({ channel: "C0A1B2C3D", timestamp: "1800000300.000400", name: "tada" });
});
