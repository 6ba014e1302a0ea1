import { type Attachment, DeliveryError } from "../../core/index.ts";
import type { Answer } from "../shared/client.ts";
import { isSlackAddress } from "./address.ts";

/**
 * The bytes of a file that came in. The token goes to Slack only: an address elsewhere is refused, a redirect not followed.
 * https://docs.slack.dev/reference/objects/file-object
 */
export async function downloadFile(
  file: Attachment,
  how: {
    readonly apiUrl: string;
    /** Milliseconds. */
    readonly timeout: number;
    readonly maxBytes: number | undefined;
    token(): Promise<string>;
  },
): Promise<Uint8Array> {
  const { url, size } = file;
  const { apiUrl, timeout, maxBytes = MAX_BYTES } = how;
  if (url === undefined || !isSlackAddress(url, apiUrl)) {
    throw refused("Only files that Slack itself keeps can be fetched with the bot's token.");
  }
  if (size !== undefined && size > maxBytes) throw refused(`The file has ${size} bytes, and the limit is ${maxBytes}.`);
  const authorization = `Bearer ${await how.token()}`;
  // Few bots fetch files, and axios takes its time to load.
  const { createClient } = await import("../shared/client.ts");
  const http = createClient({ platform: "Slack", baseUrl: apiUrl, timeout });
  try {
    const answer = await http.call({ name: "file download", method: "GET", url, authorization, maxBytes });
    if (isSignIn(answer, file)) throw refused(SIGN_IN);
    return answer.bytes;
  } finally {
    http.close();
  }
}

const SIGN_IN =
  "Slack answered with its sign-in page in place of the file. Add the scope files:read on the app's OAuth & Permissions page and install the app again.";

const MAX_BYTES = 10_000_000;

// Slack says no to a token without files:read by leading it to a page for browsers. A file that is a page itself has its own size.
function isSignIn({ status, headers, bytes }: Answer, { mimeType, size }: Attachment): boolean {
  if (status >= 300) return true;
  const isPage = headers["content-type"]?.startsWith("text/html") === true;
  return isPage && (!mimeType.startsWith("text/html") || (size !== undefined && size !== bytes.length));
}

function refused(message: string): DeliveryError {
  return new DeliveryError(message, { maybeSent: false, permanent: true });
}
