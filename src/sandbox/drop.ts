import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";

/** What @hono/node-server hands to a fetch function beside the request. */
export interface HostBindings {
  readonly outgoing?: { destroy(error?: Error): unknown };
}

/** Breaks the connection of a request without an answer. */
export function drop(host: HostBindings | undefined): Response {
  if (host?.outgoing) {
    host.outgoing.destroy();
    return RESPONSE_ALREADY_SENT;
  }
  // The nearest to it that a bare Response can do: the body ends in an error.
  const broken = Object.assign(new Error("The sandbox broke the connection."), { code: "ERR_STREAM_PREMATURE_CLOSE" });
  return new Response(
    new ReadableStream({
      start(controller) {
        setTimeout(() => controller.error(broken), 20);
      },
    }),
  );
}
