import { HobnobError } from "../../core/index.ts";
import type { Actions } from "./actions.ts";
import type { Json, Wire } from "./wire.ts";
import type { App } from "./world.ts";

/** What an operation of the API works with. */
export interface Call extends Wire {
  readonly app: App;
  /** The parts of the path that its pattern names. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Json;
  readonly actions: Actions;
}

/** An operation of API v2, under X's own name. @throws Problem */
export interface Operation {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below `/2/`, for example `tweets/:id`. */
  readonly path: string;
  /** Whose credentials it takes: the account's, the app's, or both. */
  readonly auth: "user" | "app" | "any";
  /** @default 200 */
  readonly status?: number;
  run(call: Call): Json | Promise<Json>;
}

export type Operations = Readonly<Record<string, Operation>>;

/** An answer that is no, in X's words. https://docs.x.com/x-api/fundamentals/response-codes-and-errors */
export class Problem extends HobnobError {
  readonly status: number;
  readonly problem: Json;

  constructor(status: number, title: string, detail: string, type = "about:blank") {
    super("SANDBOX_INPUT", detail);
    this.name = "Problem";
    this.status = status;
    this.problem = { title, detail, type, status };
  }
}

export function forbidden(detail: string): Problem {
  return new Problem(403, "Forbidden", detail);
}

export function invalid(detail: string): Problem {
  return new Problem(400, "Invalid Request", detail, "https://api.x.com/2/problems/invalid-request");
}

export function notFound(detail: string): Problem {
  return new Problem(404, "Not Found Error", detail, "https://api.x.com/2/problems/resource-not-found");
}

/** A text of a body, empty when it is absent. */
export function textOf(body: Json, key: string): string {
  const value = body[key] ?? "";
  if (typeof value === "string") return value;
  throw invalid(`$.${key}: ${typeof value} found, string expected`);
}

/** A list of texts of a body, empty when it is absent. */
export function listOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
  throw invalid("One or more parameters to your request was invalid.");
}

export function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
