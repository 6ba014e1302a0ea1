import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { createFakeSlack, type FakeSlack } from "./fake-slack.ts";

/** What the bot answered to an envelope. */
export interface Acknowledged {
  readonly envelope_id: string;
  readonly payload?: unknown;
}

/** Slack's side of Socket Mode: hands out an address, says hello, sends envelopes, takes acknowledgements. */
export interface SocketSlack extends AsyncDisposable {
  /** The Web API; its `apps.connections.open` gives this server's address. */
  readonly api: FakeSlack;
  /** Open connections, oldest first. */
  readonly connections: readonly WebSocket[];
  readonly acknowledged: readonly Acknowledged[];
  /** Sends an envelope over the newest connection. @returns its id */
  send(type: string, payload: object, more?: object): string;
  /** Slack announces that it takes a connection away. */
  disconnect(connection: WebSocket, reason: string): void;
  /** Resolves once so many envelopes were acknowledged. */
  acks(count: number): Promise<readonly Acknowledged[]>;
  /** Resolves once so many connections are open that said hello. */
  open(count: number): Promise<void>;
}

/** Frames as in https://docs.slack.dev/apis/events-api/using-socket-mode. The sandbox has none: it needs no way round a firewall. */
export async function createSocketSlack(): Promise<SocketSlack> {
  const api = await createFakeSlack();
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  api.on("apps.connections.open", { ok: true, url: `ws://127.0.0.1:${port}/link/?ticket=1&app_id=2` });
  const connections: WebSocket[] = [];
  const acknowledged: Acknowledged[] = [];
  let sent = 0;

  server.on("connection", (connection) => {
    connections.push(connection);
    connection.on("close", () => connections.splice(connections.indexOf(connection), 1));
    connection.on("message", (data) => acknowledged.push(JSON.parse(String(data))));
    connection.send(
      JSON.stringify({
        type: "hello",
        num_connections: connections.length,
        debug_info: { host: "applink-1", build_number: 10, approximate_connection_time: 18_060 },
        connection_info: { app_id: "A0A1B2C3D" },
      }),
    );
  });

  async function until(isSo: () => boolean, what: string): Promise<void> {
    const end = Date.now() + 5000;
    while (!isSo()) {
      if (Date.now() > end) throw new Error(`Waited in vain for ${what}.`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  return {
    api,
    connections,
    acknowledged,
    send(type, payload, more = {}) {
      sent += 1;
      const envelope_id = `envelope-${sent}`;
      const envelope = { envelope_id, type, payload, accepts_response_payload: type === "slash_commands", ...more };
      connections.at(-1)?.send(JSON.stringify(envelope));
      return envelope_id;
    },
    disconnect(connection, reason) {
      connection.send(JSON.stringify({ type: "disconnect", reason, debug_info: { host: "applink-1" } }));
    },
    async acks(count) {
      await until(() => acknowledged.length >= count, `${count} acknowledgements`);
      return acknowledged;
    },
    open: (count) => until(() => connections.length === count, `${count} connections`),
    async [Symbol.asyncDispose]() {
      for (const connection of server.clients) connection.terminate();
      server.close();
      await api[Symbol.asyncDispose]();
    },
  };
}
