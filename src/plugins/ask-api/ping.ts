import { errorMessage, type Finding } from "../../core/index.ts";
import { reasonOf } from "./backend.ts";

const LONGEST = 10_000;
const TIMEOUT_MS = 5000;

/** Answers a GET with what the backend says to a ping, else with 502 and what went wrong. */
export async function answerPing(url: string, { method }: Request): Promise<Response> {
  if (method !== "GET" && method !== "HEAD") {
    return new Response("Ask with GET.", { status: 405, headers: { allow: "GET, HEAD" } });
  }
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return text(200, (await response.text()).slice(0, LONGEST));
  } catch (error) {
    return text(502, `While fetching '${url}', occurs error: ${errorMessage(reasonOf(error))}`);
  }
}

/** Is the backend there? Any answer but a failure of its own will do: not every backend has a ping. */
export async function* checkBackend(url: string, subject: string): AsyncGenerator<Finding> {
  try {
    const { status } = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (status < 500) yield { level: "ok", subject, message: `The backend answers at ${url}.` };
    else
      yield { level: "warning", subject, message: `The backend answers with HTTP ${status} at ${url}. See its log.` };
  } catch (error) {
    const message = `The backend cannot be reached at ${url}: ${errorMessage(reasonOf(error))}. Is it running, and is the address right?`;
    yield { level: "error", subject, message };
  }
}

function text(status: number, body: string): Response {
  const headers = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
  return new Response(body, { status, headers });
}
