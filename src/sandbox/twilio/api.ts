import { HobnobError } from "../../core/index.ts";
import { readArguments } from "../body.ts";
import type { Faults } from "../faults.ts";
import type { PlatformCall } from "../simulator.ts";
import { answerCall } from "../struck.ts";
import type { Carrier } from "./carrier.ts";
import type { App, Exchange, SmsMessage, StoredFile } from "./exchange.ts";
import { listMessages } from "./list.ts";
import { readOrder } from "./order.ts";
import { type Json, VERSION, wireMedia, wireMessage } from "./wire.ts";

/** The calls a fault can be set on. */
export const METHODS = [
  "messages.create",
  "messages.list",
  "messages.fetch",
  "media.list",
  "media.fetch",
  "accounts.fetch",
  "numbers.list",
] as const;
type Method = (typeof METHODS)[number];

interface Route {
  readonly method: Method;
  /** The SIDs in the path, in order. */
  readonly sids: readonly string[];
}

function fail(status: number, code: number, message: string): never {
  throw new HobnobError(String(code), message, { cause: status });
}

/** Answers one call of the REST API. https://www.twilio.com/docs/usage/requests-to-twilio */
export function createApi(parts: {
  readonly exchange: Exchange;
  readonly carrier: Carrier;
  readonly faults: Faults;
  readonly signal: AbortSignal;
  fileUrl(file: StoredFile): string;
}): (path: readonly string[], call: PlatformCall) => Promise<Response> {
  const { exchange, carrier } = parts;

  function appOf(request: Request): App {
    const encoded = /^Basic (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
    const [user, password] = Buffer.from(encoded, "base64").toString().split(":");
    const app = exchange.apps().find(({ accountSid, authToken }) => accountSid === user && authToken === password);
    return app ?? fail(401, 20003, "Authenticate");
  }

  function messageOf(app: App, sid: string | undefined): SmsMessage {
    return exchange.messagesOf(app).find((message) => message.sid === sid) ?? notFound();
  }

  async function answer({ method, sids }: Route, app: App, request: Request): Promise<Response> {
    const values = (await readArguments(request.clone())) ?? {};
    switch (method) {
      case "accounts.fetch":
        return Response.json({
          sid: app.accountSid,
          friendly_name: `Sandbox of ${app.name}`,
          status: "active",
          type: "Full",
        });
      case "numbers.list":
        return Response.json({ incoming_phone_numbers: numbersOf(app, values.PhoneNumber) });
      case "messages.create": {
        const { line, order } = readOrder(new URLSearchParams(await request.text()), app, exchange);
        return Response.json(wireMessage(await carrier.send(line, order), app), { status: 201 });
      }
      case "messages.list":
        return Response.json(listMessages(exchange.messagesOf(app), app, values));
      case "messages.fetch":
        return Response.json(wireMessage(messageOf(app, sids[0]), app));
      case "media.list": {
        const message = messageOf(app, sids[0]);
        return Response.json({ media_list: message.files.map((file) => wireMedia(file, message, app)) });
      }
      case "media.fetch": {
        const file = messageOf(app, sids[0]).files.find(({ sid }) => sid === sids[1]) ?? notFound();
        return new Response(null, { status: 307, headers: { location: parts.fileUrl(file) } });
      }
    }
  }

  return async ([version, accounts, account, ...path], call) => {
    const { request } = call;
    const route = routeOf(request.method, account?.endsWith(".json") ? [] : path);
    return answerCall(
      { faults: parts.faults, signal: parts.signal, rateLimited },
      {
        method: route?.method ?? "",
        call,
        async run() {
          try {
            const app = appOf(request);
            const isOwn =
              version === VERSION && accounts === "Accounts" && account?.replace(".json", "") === app.accountSid;
            return isOwn && route !== undefined ? await answer(route, app, request) : notFound();
          } catch (error) {
            if (error instanceof HobnobError) return failure(Number(error.cause), Number(error.code), error.message);
            throw error;
          }
        },
      },
    );
  };
}

/** What is called by the path behind the account. */
function routeOf(verb: string, path: readonly string[]): Route | undefined {
  const [room, sid = "", media, mediaSid = ""] = path.map((part) => part.replace(/\.json$/, ""));
  const sids = [sid, mediaSid];
  const is = (count: number, name?: string) => path.length === count && room === name;
  if (verb === "POST") return is(1, "Messages") ? { method: "messages.create", sids } : undefined;
  if (verb !== "GET") return undefined;
  if (is(0)) return { method: "accounts.fetch", sids };
  if (is(1, "IncomingPhoneNumbers")) return { method: "numbers.list", sids };
  if (is(1, "Messages")) return { method: "messages.list", sids };
  if (is(2, "Messages")) return { method: "messages.fetch", sids };
  if (media !== "Media") return undefined;
  if (is(3, "Messages")) return { method: "media.list", sids };
  return is(4, "Messages") ? { method: "media.fetch", sids } : undefined;
}

function numbersOf({ number, webhook }: App, wanted: unknown): readonly Json[] {
  if (wanted !== undefined && wanted !== number) return [];
  const capabilities = { sms: true, mms: true, voice: false, fax: false };
  return [{ phone_number: number, sms_url: webhook, sms_method: "POST", sms_application_sid: "", capabilities }];
}

function notFound(): never {
  return fail(404, 20404, "The requested resource was not found");
}

function rateLimited(): Response {
  return failure(429, 20429, "Too Many Requests");
}

function failure(status: number, code: number, message: string): Response {
  const more_info = `https://www.twilio.com/docs/errors/${code}`;
  return Response.json({ code, message, more_info, status }, { status });
}
