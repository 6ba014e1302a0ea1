import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { createTransport } from "../../../src/adapters/slack/transport.ts";
import { DeliveryError } from "../../../src/core/index.ts";

// As many as the transport opens.
const CONNECTIONS = 64;

test("a call that waited for a connection while others took the jobs is never sent", async () => {
  const open: ServerResponse[] = [];
  let arrived = 0;
  const server = createServer((_, response) => {
    arrived += 1;
    open.push(response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  let maySend = true;
  const transport = createTransport({ timeout: 10_000, maySend: () => maySend });
  const call = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`,
    what: "x",
    headers: {},
    body: "",
  };
  try {
    const first = Array.from({ length: CONNECTIONS }, () => transport.post(call));
    const refusal = transport.post(call).catch((thrown: unknown) => thrown);
    await expect.poll(() => arrived).toBe(CONNECTIONS);
    maySend = false;
    for (const response of open.splice(0)) response.end("ok");
    await Promise.all(first);
    const error = await refusal;
    expect(error).toBeInstanceOf(DeliveryError);
    expect(error).toMatchObject({ maybeSent: false });
    expect(arrived).toBe(CONNECTIONS);
    maySend = true;
    const after = transport.post(call);
    await expect.poll(() => open.length).toBe(1);
    open[0]!.end("ok");
    expect((await after).status).toBe(200);
  } finally {
    await transport.close();
    server.close();
  }
});
