import { readArguments } from "../body.ts";
import type { Faults } from "../faults.ts";
import type { PlatformCall } from "../simulator.ts";
import { answerCall } from "../struck.ts";
import type { Actions } from "./actions.ts";
import { errorAnswer, fail } from "./errors.ts";
import type { Events } from "./events.ts";
import type { Files } from "./files.ts";
import { type Call, createArgs, type Methods } from "./method.ts";
import type { OAuth } from "./oauth.ts";
import type { Workspace } from "./workspace.ts";

export const UPLOAD = "attachments/upload";
export const CALLBACK = "url_callback";

/** Answers calls of the API and of callbacks, unless a fault is set on them. */
export interface Api {
  method(name: string, call: PlatformCall): Promise<Response>;
  callback(key: string, call: PlatformCall): Promise<Response>;
}

export function createApi(parts: {
  readonly methods: Methods;
  readonly workspace: Workspace;
  readonly actions: Actions;
  readonly events: Events;
  readonly files: Files;
  readonly oauth: OAuth;
  readonly faults: Faults;
  readonly signal: AbortSignal;
}): Api {
  const { methods, workspace, actions, events, files, oauth } = parts;
  const strikable = { faults: parts.faults, signal: parts.signal, rateLimited };

  function callerOf(request: Request): Pick<Call, "user" | "app"> {
    const token = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    if (token === undefined) return fail(120);
    const app = workspace.appByToken(token);
    const user = app?.user ?? oauth.personByToken(token);
    return user === undefined ? fail(200) : { user, app };
  }

  async function run(name: string, request: Request): Promise<unknown> {
    const caller = callerOf(request);
    const values = (await readArguments(request)) ?? fail(20);
    if (name === UPLOAD) return files.upload(values);
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (!method) return fail(20);
    return method({ ...caller, args: createArgs(values), workspace, actions });
  }

  async function post(key: string, request: Request): Promise<unknown> {
    const callback = events.callback(key);
    if (!callback || callback.until * 1000 < Date.now()) return fail(200);
    const content = createArgs((await readArguments(request)) ?? fail(20)).text("content") ?? fail(19);
    actions.answer(callback.spot, { creator: callback.app.user, content });
    return { status: "ok" };
  }

  return {
    method: (name, call) =>
      answerCall(strikable, { method: name, call, run: () => answered(() => run(name, call.request)) }),
    callback: (key, call) =>
      answerCall(strikable, { method: CALLBACK, call, run: () => answered(() => post(key, call.request)) }),
  };
}

async function answered(run: () => Promise<unknown>): Promise<Response> {
  try {
    return Response.json(await run());
  } catch (error) {
    const answer = errorAnswer(error);
    if (answer) return answer;
    throw error;
  }
}

function rateLimited(retryAfter: number): Response {
  return new Response("Too Many Requests", { status: 429, headers: { "retry-after": String(retryAfter) } });
}
