import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import type { Adapter } from "../../src/core/index.ts";
import { startInstalled } from "./livechat/started.ts";
import { accountSid, startTwilio } from "./twilio/started.ts";

async function serve(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close().closeAllConnections();
    },
  };
}

test.each<[string, (apiUrl: string) => Promise<AsyncDisposable & { readonly adapter: Adapter }>, boolean]>([
  ["Twilio", (apiUrl) => startTwilio({ apiUrl }), true],
  ["LiveChat", (apiUrl) => startInstalled({ apiUrl }), false],
])("a file that %s keeps elsewhere is fetched there without a credential", async (_, start, isSigned) => {
  const got: string[] = [];
  await using store = await serve(({ headers }, response) => {
    got.push(...Object.keys(headers).filter((name) => /auth|cookie|token|key/.test(name)));
    response.end("%PDF");
  });
  await using api = await serve(({ headers, url }, response) => {
    if (url!.endsWith("/file")) expect(headers.authorization !== undefined).toBe(isSigned);
    response.writeHead(url!.endsWith("/file") ? 307 : 200, { location: `${store.url}/somewhere` }).end("{}");
  });
  await using started = await start(api.url);
  const file = { name: "a.pdf", mimeType: "application/pdf", url: `${api.url}/2010-04-01/Accounts/${accountSid}/file` };
  expect(Buffer.from(await started.adapter.download!(file)).toString()).toBe("%PDF");
  expect(got).toEqual([]);
});
