import { errorMessage, type Log } from "../../core/index.ts";
import { isObject } from "./failure.ts";
import { isSame, isSigned } from "./signature.ts";

/** What a hook says: a ticket has news, or came by e-mail. */
export interface Hook {
  readonly ticket: string;
  readonly isNewMail: boolean;
  /** Signed with the body; the same in every delivery. */
  readonly envelope: string | undefined;
}

export interface WebhookOptions {
  readonly secret: string | undefined;
  /** Of the old hooks, which bring it in their body. */
  readonly token: string | undefined;
  /** The old hook at this path tells of tickets that came by e-mail. */
  readonly isForMail: boolean;
  now(): number;
  /** Resolves once the hook is stored. */
  take(hook: Hook): Promise<unknown>;
  readonly log: Log;
}

/** Answers Zendesk's webhooks: 2xx only once what they say is stored. */
export function createWebhook({ secret, token, isForMail, now, take, log }: WebhookOptions) {
  return async (request: Request): Promise<Response> => {
    if (request.method !== "POST") return answer(405, "Send it with POST.");
    const bytes = new Uint8Array(await request.arrayBuffer());
    const signed = {
      signature: request.headers.get("x-zendesk-webhook-signature"),
      timestamp: request.headers.get("x-zendesk-webhook-signature-timestamp"),
      body: bytes,
    };
    const body = parse(bytes);
    const isFromZendesk =
      (secret !== undefined && isSigned(signed, secret, now())) ||
      (token !== undefined && isObject(body) && isSame(body.token, token));
    if (!isFromZendesk) {
      log.warn({}, "A request at Zendesk's webhook is not from Zendesk: neither its signature nor its token fits.");
      return answer(403, "The signature does not fit.");
    }
    if (!isObject(body)) return answer(400, "The body is no JSON object.");
    const hook = readHook(body, isForMail);
    if (hook === undefined) return answer(200, "OK, Thanks");
    try {
      await take(hook);
    } catch (error) {
      log.error({}, `A webhook of Zendesk's could not be stored: ${errorMessage(error)}`);
      // Of all errors, this is the one that Zendesk sends again after.
      return answer(409, "It could not be stored. Send it again.");
    }
    return answer(200, "OK, Thanks");
  };
}

/** @returns undefined for what is of no interest: other events, and hooks that name no ticket */
export function readHook(body: Readonly<Record<string, unknown>>, isForMail: boolean): Hook | undefined {
  const { type, detail, event, via } = body;
  const ticket = idOf(isObject(detail) ? detail.id : body.ticket_id);
  if (ticket === undefined) return undefined;
  if (typeof type === "string") {
    if (!type.startsWith("zen:event-type:ticket.") || !isObject(detail)) return undefined;
    const isMail = isObject(detail.via) && (detail.via.channel === "email" || detail.via.channel === "mail");
    return {
      ticket,
      isNewMail: type === "zen:event-type:ticket.created" && isMail,
      envelope: idOf(body.id),
    };
  }
  const isMail = typeof via === "string" && /^e?-?mail$/i.test(via.trim());
  return { ticket, isNewMail: isForMail || (event === "ticket_created" && isMail), envelope: undefined };
}

function idOf(value: unknown): string | undefined {
  const id = typeof value === "number" ? String(value) : value;
  return typeof id === "string" && /^[\w-]{1,64}$/.test(id) ? id : undefined;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function answer(status: number, text: string): Response {
  return new Response(text, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
}
