import { readArguments } from "../body.ts";
import type { Faults } from "../faults.ts";
import type { PlatformCall } from "../simulator.ts";
import { answerCall } from "../struck.ts";
import { type Answer, answerTo, wordsOf } from "./answer.ts";

/** The calls a fault can be set on. */
export const METHODS: readonly string[] = ["query", "chat.completions", "ping"];

/** A question that came in. */
export interface Asked {
  /** Name of the project that was asked. */
  readonly project: string;
  readonly question: string;
  /** What the asker is called: in the answer's own format the `user_name`. */
  readonly user: string;
}

export interface ApiParts {
  readonly faults: Faults;
  readonly signal: AbortSignal;
  knows(project: string): boolean;
  asked(question: Asked): void;
}

/**
 * `POST <project>/query` answers with a JSON string, `POST <project>/query/stream` word by word, `GET <project>/ping`
 * with `pong`. Both take chat completions too. https://platform.openai.com/docs/api-reference/chat
 */
export function createApi({ faults, signal, knows, asked }: ApiParts) {
  const strikable = { faults, signal, rateLimited };

  async function ask(project: string, isStreamed: boolean, call: PlatformCall): Promise<Response> {
    const body = await readArguments(call.request);
    const isChat = body?.messages !== undefined;
    const question = isChat ? lastContent(body.messages) : body?.query;
    if (typeof question !== "string") return Response.json({ detail: "There is no question." }, { status: 422 });
    const answer = answerTo(question);
    const run = async () => {
      asked({ project, question, user: String(body?.user_name ?? "user") });
      if (answer.trouble === "refuse") return call.drop();
      if (answer.trouble === "error") return new Response("Traceback: password=hunter2", { status: 500 });
      const words = wordsOf(answer, { pause: (ms) => pauseUntil(signal, ms), drop: call.drop });
      if (isChat) return body?.stream === true ? stream(chunks(words), "text/event-stream") : completion(answer);
      return isStreamed ? stream(words, "text/plain") : Response.json(answer.text);
    };
    return answerCall(strikable, { method: isChat ? "chat.completions" : "query", call, run });
  }

  async function* chunks(words: AsyncIterable<string>): AsyncGenerator<string> {
    for await (const content of words) yield chunk({ delta: { content }, finish_reason: null });
    yield chunk({ delta: {}, finish_reason: "stop" });
    yield "data: [DONE]\n\n";
  }

  return async (call: PlatformCall): Promise<Response | undefined> => {
    const [project = "", ...path] = call.path.split("/").map(decodeURIComponent);
    if (!knows(project)) return undefined;
    switch (`${call.request.method} ${path.join("/")}`) {
      case "GET ping": {
        const run = async () => new Response(`pong from ${project}`);
        return answerCall(strikable, { method: "ping", call, run });
      }
      case "POST query":
        return ask(project, false, call);
      case "POST query/stream":
        return ask(project, true, call);
      default:
        return undefined;
    }
  };
}

function rateLimited(retryAfter: number): Response {
  return new Response("Too many questions.", { status: 429, headers: { "retry-after": String(retryAfter) } });
}

function stream(parts: AsyncIterable<string>, type: string): Response {
  const body = ReadableStream.from(parts).pipeThrough(new TextEncoderStream());
  return new Response(body, { headers: { "content-type": `${type}; charset=utf-8` } });
}

const chunk = (choice: object) => `data: ${JSON.stringify({ choices: [{ index: 0, ...choice }] })}\n\n`;

function completion({ text }: Answer): Response {
  const message = { role: "assistant", content: text };
  return Response.json({ choices: [{ index: 0, message, finish_reason: "stop" }] });
}

function lastContent(messages: unknown): unknown {
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined;
  return (last as { readonly content?: unknown } | undefined)?.content;
}

function pauseUntil(signal: AbortSignal, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => reject(new Error("The sandbox is closed."));
    if (signal.aborted) return end();
    const timer = Number.isFinite(ms) ? setTimeout(done, ms) : undefined;
    function done() {
      signal.removeEventListener("abort", abort);
      resolve();
    }
    function abort() {
      clearTimeout(timer);
      end();
    }
    signal.addEventListener("abort", abort, { once: true });
  });
}
