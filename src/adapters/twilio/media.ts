import type {
  Attachment,
  Conversation,
  Log,
  OutgoingReply,
  Store,
  WebhookRequest,
  WebhookResponse,
} from "../../core/index.ts";
import { refusal } from "../shared/answer.ts";
import { readForm } from "../shared/body.ts";
import { isLocal, isReachable } from "../shared/reach.ts";
import { hmac } from "../shared/signature.ts";
import { isWhatsApp, type SharedFile } from "./render.ts";

/** https://www.twilio.com/docs/messaging/guides/accepted-mime-types */
const MOST_FILES = 10;
const MOST_BYTES = 5_000_000;
const TTL = "24h";
const MIME_TYPE = /^[\w.+-]+\/[\w.+-]+$/;

interface StoredFile {
  readonly name: string;
  readonly mimeType: string;
  /** Base64. */
  readonly data: string;
}

/** Shows files to Twilio, which fetches them by itself: under addresses that nobody can guess and that end after a day. */
export interface Media {
  /** What becomes of a reply's files. The same reply has the same addresses however often it is sent. */
  share(to: Conversation, reply: OutgoingReply): Promise<readonly SharedFile[]>;
  /** Answers a request for a file. */
  serve(request: WebhookRequest): Promise<WebhookResponse>;
}

export function createMedia(options: {
  readonly adapter: string;
  readonly store: Store;
  readonly log: Log;
  /** Makes addresses that cannot be guessed. */
  readonly secret: string;
  /** Where `serve` is mounted. */
  readonly address: string;
  readonly apiUrl: string;
}): Media {
  const { adapter, store, log, address, apiUrl } = options;

  async function host({ name, mimeType }: Attachment, data: Uint8Array, place: string): Promise<string> {
    const token = hmac("sha256", { key: options.secret, encoding: "hex" }, `media ${place}`);
    const file: StoredFile = { name, mimeType, data: Buffer.from(data).toString("base64") };
    await store.set(`media:${token}`, file, { ttl: TTL });
    return `${address}?file=${token}`;
  }

  return {
    async share(to, { attachments, ref }) {
      const files: SharedFile[] = [];
      let room = MOST_BYTES;
      for (const [at, file] of attachments.entries()) {
        const { name, data } = file;
        const size = data?.byteLength ?? 0;
        const url =
          data === undefined
            ? file.url
            : size <= room && isReachable(address, apiUrl)
              ? await host(file, data, `${ref} ${at}`)
              : undefined;
        if (url === undefined) {
          log.warn({ adapter, size }, "a file was left out: it is too large, or HOBNOB_URL is no public https address");
        } else room -= size;
        const hasPlace = files.filter(({ isMedia }) => isMedia).length < MOST_FILES;
        files.push({ name, url, isMedia: url !== undefined && hasPlace && takesMedia(to) && isFetched(url, apiUrl) });
      }
      return files;
    },

    async serve({ method, query }) {
      if (method !== "GET" && method !== "HEAD") return refusal(405, "METHOD_NOT_ALLOWED", "Files are read with GET.");
      const { file: token } = readForm(query);
      const file = typeof token === "string" ? await store.get<StoredFile>(`media:${token}`) : undefined;
      if (file === undefined) return refusal(404, "NOT_FOUND", "There is no such file, or no longer.");
      return {
        status: 200,
        headers: {
          "content-type": MIME_TYPE.test(file.mimeType) ? file.mimeType : "application/octet-stream",
          "content-disposition": `inline; filename*=UTF-8''${encodeURIComponent(file.name.toWellFormed())}`,
          "content-security-policy": "default-src 'none'; sandbox",
          "x-content-type-options": "nosniff",
          "cache-control": "private, max-age=3600",
        },
        body: method === "HEAD" ? "" : Buffer.from(file.data, "base64"),
      };
    },
  };
}

// Pictures by SMS (MMS) exist in the United States and Canada; elsewhere a person gets the address.
function takesMedia({ id }: Conversation): boolean {
  return isWhatsApp(id) || id.startsWith("+1");
}

function isFetched(url: string, apiUrl: string): boolean {
  return /^https?:/i.test(url) && (isLocal(apiUrl) || !isLocal(url));
}
