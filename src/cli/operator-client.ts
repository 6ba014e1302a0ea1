import { request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { describeNode, errorCode, HobnobError, type Log, type Storage, systemClock } from "../core/index.ts";
import { createOperator, type Operator } from "./operator.ts";
import { isOwnSocket, socketPaths } from "./operator-socket.ts";
import { absentFile } from "./storage-url.ts";

// A bot that starts holds the file a moment before it listens, one that stops a moment longer, and other commands while they look.
const TRIES = 20;
const PAUSE_MS = 100;

/** Runs `act` on the bot of a storage: through its socket while it runs, else on the storage itself. */
export async function withOperator<T>(storage: Storage, log: Log, act: (operator: Operator) => Promise<T>): Promise<T> {
  for (let left = TRIES; ; left--) {
    const path = await findSocket(storage.name);
    if (path !== undefined) return askBot(path, act);
    if (storage.name === "memory:") {
      throw new HobnobError(
        "OPERATOR_NO_BOT",
        "The storage is memory:, which ends with its bot, and no bot runs from this folder. Start one, or set HOBNOB_STORAGE.",
      );
    }
    const absent = absentFile(storage);
    if (absent !== undefined) {
      throw new HobnobError(
        "STORAGE_MISSING",
        `There is no ${absent}. Run this in the bot's folder, with its settings.`,
      );
    }
    try {
      await storage.open({ clock: systemClock, log, node: describeNode({ role: "tool", bot: "" }) });
      break;
    } catch (error) {
      if (errorCode(error) !== "STORAGE_LOCKED" || left === 1) throw error;
      await setTimeout(PAUSE_MS);
    }
  }
  try {
    return await act(createOperator(storage));
  } finally {
    await storage.close();
  }
}

async function askBot<T>(path: string, act: (operator: Operator) => Promise<T>): Promise<T> {
  try {
    return await act(connectOperator(path));
  } catch (error) {
    if (!isGone(error)) throw error;
    throw new HobnobError(
      "OPERATOR_GONE",
      "The bot ended while it was asked, and may have done it or not. Run this again: a stopped bot's storage is asked directly.",
      { cause: error },
    );
  }
}

/** Nobody answers there any more, or somebody who has let go of the storage. */
function isGone(error: unknown): boolean {
  return ["ECONNREFUSED", "ENOENT", "ECONNRESET", "EPIPE", "STORAGE_CLOSED"].includes(errorCode(error));
}

async function findSocket(storage: string): Promise<string | undefined> {
  for (const path of socketPaths(storage)) {
    if (!isOwnSocket(path)) continue;
    try {
      await post(path, "jobs", [0]);
      return path;
    } catch (error) {
      // Left behind by a killed process, or gone between the two looks.
      if (!isGone(error)) throw error;
    }
  }
  return undefined;
}

function connectOperator(path: string): Operator {
  return {
    audit: (options) => post(path, "audit", [options ?? {}]),
    jobs: (limit) => post(path, "jobs", [limit]),
    nodes: async () => (await post<Awaited<ReturnType<Operator["nodes"]>> | null>(path, "nodes", [])) ?? undefined,
    backup: (to) => post(path, "backup", [to]),
    deadList: (limit) => post(path, "deadList", [limit]),
    deadGet: async (id) =>
      (await post<Awaited<ReturnType<Operator["deadGet"]>> | null>(path, "deadGet", [id])) ?? undefined,
    deadRetry: (ids) => post(path, "deadRetry", ids === undefined ? [] : [ids]),
    deadEdit: (id, payload) => post(path, "deadEdit", [id, payload]),
    deadDiscard: (ids) => post(path, "deadDiscard", ids === undefined ? [] : [ids]),
  };
}

function post<T>(socketPath: string, method: keyof Operator, args: readonly unknown[]): Promise<T> {
  return new Promise((resolve, reject) => {
    const req = request({ socketPath, path: `/${method}`, method: "POST" }, async (res) => {
      try {
        const answer = JSON.parse(await text(res)) as { result: T; error?: { code: string; message: string } };
        if (answer.error === undefined) return resolve(answer.result);
        reject(new HobnobError(answer.error.code, answer.error.message));
      } catch (error) {
        reject(error);
      }
    });
    req.once("error", reject);
    req.end(JSON.stringify(args));
  });
}
