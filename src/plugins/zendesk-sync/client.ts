import type { Vault } from "../../core/index.ts";
import { apiUrlOf, createLogins } from "./auth.ts";
import { isObject, ZendeskError } from "./failure.ts";
import type { Options } from "./options.ts";
import { type Answer, call, download } from "./transport.ts";
import { commentIdOf, listOf, readComment, readTicket, type Ticket, type TicketComment } from "./wire.ts";

/** What Zendesk made of a call: the ticket as it is now, and the comment that was added. */
export interface Written {
  readonly ticket: Ticket;
  readonly comment: string | undefined;
}

/** A file on its way to Zendesk. */
export interface Upload {
  readonly name: string;
  readonly mimeType: string;
  readonly data: Uint8Array;
}

/** Zendesk's Support API, as far as it is needed. Every call throws RateLimitError or ZendeskError. */
export interface Zendesk {
  /** The id of the user that calls. */
  me(): Promise<string>;
  /** Calls with the same key within two hours make one ticket. */
  create(ticket: object, key: string): Promise<Written>;
  update(id: string, ticket: object): Promise<Written>;
  /** Undefined when it was deleted. */
  show(id: string): Promise<Ticket | undefined>;
  byExternalId(externalId: string): Promise<readonly Ticket[]>;
  /** Newest first. */
  comments(ticket: string): AsyncIterable<TicketComment>;
  /** A user for somebody without an e-mail address. */
  standIn(user: { readonly name: string; readonly externalId: string }): Promise<string>;
  /** The token to name the file by in a comment; it lives for an hour. */
  upload(file: Upload): Promise<string>;
  download(url: string, maxBytes: number): Promise<Uint8Array>;
}

interface Content {
  readonly body?: object | undefined;
  readonly headers?: object;
  /** With another login than the first time. */
  readonly isAgain?: boolean;
}

type Path = readonly (string | Readonly<Record<string, unknown>>)[];

/** @returns the API, its calls bound to a signal that ends them */
export function createZendesk(options: Options, host: { readonly vault: Vault; now(): number }) {
  const { timeout } = options;
  const endpointUri = apiUrlOf(options);
  const logins = createLogins(options, host);
  let me: { readonly token: string; readonly id: string } | undefined;

  return (signal?: AbortSignal): Zendesk => {
    // `node-zendesk` finds addresses and logins. Its own transport has no time-out, takes a 429 for an answer, and its
    // methods drop the audit that names a new comment: so the raw request, over a transport of ours.
    async function request(
      method: string,
      path: Path,
      { body, headers = {}, isAgain = false }: Content = {},
    ): Promise<Answer> {
      const { default: zendesk } = await import("node-zendesk");
      const login = await logins.get();
      const name = `${method} ${path.filter((part) => typeof part === "string").join("/")}`;
      const client = zendesk.createClient({
        ...login,
        endpointUri,
        customHeaders: headers,
        transportConfig: {
          transportFn: (url: string, { headers, body }: { headers: Record<string, string>; body?: string }) =>
            call({ name, url, method, headers, body, timeout, signal }),
          responseAdapter: ({ status, headers, json }: Answer) => ({ status, headers, json: async () => json }),
        },
      });
      try {
        const { result, response } = await client.tickets.transporter.request(method, [...path], body);
        return { status: response.status, headers: response.headers, json: result };
      } catch (error) {
        const isRefused = error instanceof ZendeskError && error.status === 401 && !isAgain;
        if (!isRefused || !(await logins.refused(login))) throw error;
        return request(method, path, { body, headers, isAgain: true });
      }
    }

    const get = async (path: Path) => (await request("GET", path)).json;

    async function write(method: string, path: Path, ticket: object, headers?: object): Promise<Written> {
      const { json } = await request(method, path, { body: { ticket }, ...(headers && { headers }) });
      return { ticket: readTicket(isObject(json) ? json.ticket : undefined), comment: commentIdOf(json) };
    }

    return {
      async me() {
        const { token } = await logins.get();
        if (me?.token !== token) me = { token, id: idOf(await get(["users", "me"]), "user") };
        return me.id;
      },
      create: (ticket, key) => write("POST", ["tickets"], ticket, { "Idempotency-Key": key }),
      update: (id, ticket) => write("PUT", ["tickets", id], ticket),
      async show(id) {
        try {
          const json = await get(["tickets", id]);
          const ticket = readTicket(isObject(json) ? json.ticket : undefined);
          return ticket.status === "deleted" ? undefined : ticket;
        } catch (error) {
          if (error instanceof ZendeskError && error.status === 404) return undefined;
          throw error;
        }
      },
      async byExternalId(externalId) {
        return listOf(await get(["tickets", { external_id: externalId }]), "tickets").map(readTicket);
      },
      async *comments(ticket) {
        for (let after: string | undefined; ; ) {
          const page = { size: 100, ...(after !== undefined && { after }) };
          const json = await get(["tickets", ticket, "comments", { sort: "-created_at", include: "users", page }]);
          const users = listOf(json, "users");
          for (const comment of listOf(json, "comments")) yield readComment(comment, users);
          const meta = isObject(json) && isObject(json.meta) ? json.meta : {};
          if (meta.has_more !== true || typeof meta.after_cursor !== "string") return;
          after = meta.after_cursor;
        }
      },
      async standIn({ name, externalId }) {
        const user = { name, external_id: externalId, skip_verify_email: true };
        return idOf((await request("POST", ["users", "create_or_update"], { body: { user } })).json, "user");
      },
      async upload({ name, mimeType, data }) {
        // `node-zendesk` uploads files of a disk, and all of them as application/binary.
        const login = await logins.get();
        const { json } = await call({
          name: "POST uploads",
          url: `${endpointUri}/uploads.json?filename=${encodeURIComponent(name)}`,
          method: "POST",
          headers: { authorization: authorizationOf(login), "content-type": mimeType, accept: "application/json" },
          body: data,
          timeout,
          signal,
        });
        const upload = isObject(json) && isObject(json.upload) ? json.upload : {};
        if (typeof upload.token === "string") return upload.token;
        throw new ZendeskError("Zendesk's answer to POST uploads holds no token.", { status: 200, maybeSent: true });
      },
      async download(url, maxBytes) {
        // Files may lie on other hosts, which must not see the token.
        const isOurs = new URL(url).origin === new URL(endpointUri).origin;
        const headers = isOurs ? { authorization: authorizationOf(await logins.get()) } : {};
        return download({ name: "file", url, method: "GET", headers, timeout, signal }, maxBytes);
      },
    };
  };
}

function authorizationOf(login: Awaited<ReturnType<ReturnType<typeof createLogins>["get"]>>): string {
  if ("oauth" in login) return `Bearer ${login.token}`;
  return `Basic ${Buffer.from(`${login.username}/token:${login.token}`).toString("base64")}`;
}

function idOf(json: unknown, name: string): string {
  const thing = isObject(json) ? json[name] : undefined;
  if (isObject(thing) && (typeof thing.id === "number" || typeof thing.id === "string")) return String(thing.id);
  throw new ZendeskError(`Zendesk's answer holds no ${name}.`, { status: 200, maybeSent: true });
}
