import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { silentLog, systemClock } from "../../src/core/index.ts";
import { createKeyring, createVault } from "../../src/core/vault.ts";
import { INSTALLED } from "../../src/plugins/zendesk-sync/auth.ts";
import { createZendesk } from "../../src/plugins/zendesk-sync/client.ts";
import { options } from "../../src/plugins/zendesk-sync/options.ts";
import { redis } from "../../src/storage/redis/index.ts";
import { openRedis } from "../servers/redis.ts";

const KEYRING = createKeyring("a secret for tests only");

/** A Zendesk that takes what it gave for the client's credentials, and nothing else; it refuses once so many have asked. */
async function openZendesk(refusals: number) {
  let asked = 0;
  const { promise: all, resolve } = Promise.withResolvers<void>();
  const server = createServer(async (request, response) => {
    const send = (status: number, body: object) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (request.url === "/oauth/tokens") return void send(201, { access_token: "fetched" });
    if (request.headers.authorization === "Bearer fetched") return void send(200, { user: { id: 7 } });
    asked += 1;
    if (asked === refusals) resolve();
    await all;
    send(401, { error: "invalid_token" });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v2`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

test("a token that was taken back is given up by two processes at once, and both go on with the client's own", async () => {
  await using server = await openRedis();
  await using zendesk = await openZendesk(2);
  const url = server.another();
  const storages = [redis({ url }), redis({ url })];
  await Promise.all(storages.map((storage) => storage.open({ clock: systemClock, log: silentLog })));
  try {
    const vaults = storages.map(({ values }) => createVault(values, "plugin:zendesk-sync:vault", KEYRING));
    await vaults[0]!.set(INSTALLED, { token: "old" });
    const given = options.parse({ apiUrl: zendesk.apiUrl, clientId: "c", clientSecret: "s", webhookSecret: "w" });
    const calls = vaults.map((vault) => createZendesk(given, { vault, now: Date.now })().me());
    expect(await Promise.allSettled(calls)).toEqual([
      { status: "fulfilled", value: "7" },
      { status: "fulfilled", value: "7" },
    ]);
    expect(await vaults[1]!.get(INSTALLED)).toBeUndefined();
  } finally {
    for (const storage of storages) await storage.close();
  }
});
