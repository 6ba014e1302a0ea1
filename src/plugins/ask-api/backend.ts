import { HobnobError } from "../../core/index.ts";
import type { AskApiOptions } from "./options.ts";

/** One message of a conversation, as chat completions have it. */
export interface Turn {
  readonly role: "user" | "assistant";
  readonly content: string;
}

export interface Question {
  readonly text: string;
  /** The platform's name. */
  readonly platform: string;
  /** Id of the conversation, which the backend knows its user by. */
  readonly conversation: string;
  /** What was said before, the oldest first. */
  readonly memory: readonly Turn[];
}

/** Calls the backend, once; what it answers comes piece by piece, or in one. @throws HobnobError `BACKEND_FAILED` */
export async function* callBackend(
  question: Question,
  options: AskApiOptions,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { url = "", token, headers, streaming, format } = options;
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token !== undefined && token !== "" && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify(format === "openai" ? chatBody(question, options) : queryBody(question)),
    signal,
  });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new HobnobError("BACKEND_FAILED", `The backend answered HTTP ${response.status}.`);
  }
  const text = response.body.pipeThrough(new TextDecoderStream());
  if (streaming) {
    yield* format === "openai" ? chatPieces(text) : text;
    return;
  }
  const body = await readWhole(text);
  yield format === "openai" ? contentOf(parse(body), "message") : wholeAnswer(response, body);
}

function queryBody({ text, platform, conversation }: Question) {
  return { query: text, type: platform, user_name: conversation };
}

function chatBody({ text, memory }: Question, { model, system, streaming }: AskApiOptions) {
  const first = system === "" ? [] : [{ role: "system", content: system }];
  return { model, stream: streaming, messages: [...first, ...memory, { role: "user", content: text }] };
}

const LONGEST_BODY = 1_000_000;

async function readWhole(text: ReadableStream<string>): Promise<string> {
  let whole = "";
  for await (const part of text) {
    whole += part;
    if (whole.length > LONGEST_BODY) {
      throw new HobnobError("BACKEND_FAILED", `The backend's answer is longer than ${LONGEST_BODY} characters.`);
    }
  }
  return whole;
}

function wholeAnswer({ headers }: Response, body: string): string {
  if (!(headers.get("content-type") ?? "").includes("json")) return body;
  const answer = parse(body);
  if (typeof answer === "string") return answer;
  throw new HobnobError("BACKEND_FAILED", "The backend's answer is not a JSON string.");
}

/** https://platform.openai.com/docs/api-reference/chat-streaming */
async function* chatPieces(text: ReadableStream<string>): AsyncGenerator<string> {
  const { EventSourceParserStream } = await import("eventsource-parser/stream");
  let isComplete = false;
  for await (const { data } of text.pipeThrough(new EventSourceParserStream({ maxBufferSize: LONGEST_BODY }))) {
    if (data === "[DONE]") return;
    const event = parse(data);
    isComplete ||= typeof choiceOf(event)?.finish_reason === "string";
    yield contentOf(event, "delta");
  }
  if (!isComplete) throw new HobnobError("BACKEND_FAILED", "The backend's answer broke off.");
}

interface Choice {
  readonly finish_reason?: unknown;
  readonly message?: { readonly content?: unknown };
  readonly delta?: { readonly content?: unknown };
}

function choiceOf(event: unknown): Choice | undefined {
  const { choices, error } = (event ?? {}) as { readonly choices?: readonly Choice[]; readonly error?: unknown };
  if (error !== undefined && error !== null) {
    throw new HobnobError("BACKEND_FAILED", "The backend reported an error in its answer.");
  }
  return Array.isArray(choices) ? choices[0] : undefined;
}

function contentOf(event: unknown, place: "message" | "delta"): string {
  const content = choiceOf(event)?.[place]?.content;
  return typeof content === "string" ? content : "";
}

// What JSON.parse says of it quotes the text, which is for nobody's log.
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HobnobError("BACKEND_FAILED", "The backend's answer is not JSON.");
  }
}

/** What went wrong, for a log line; what fetch itself says is "fetch failed". */
export function reasonOf(error: unknown): unknown {
  return error instanceof TypeError && error.cause instanceof Error ? error.cause : error;
}
