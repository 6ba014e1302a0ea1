import { HobnobError } from "../../core/index.ts";
import type { Desk, Doer } from "./desk.ts";
import type { Files } from "./files.ts";
import type { Ticket, User } from "./records.ts";
import type { Triggers } from "./triggers.ts";
import type { Json } from "./wire.ts";
import type { World } from "./world.ts";

/** What a method of the API works with. */
export interface Call {
  readonly request: Request;
  readonly query: URLSearchParams;
  /** The body's JSON; empty for an upload, whose body is the file. */
  readonly body: Json;
  /** The changeable parts of the path, in order. */
  readonly ids: readonly string[];
  /** Who calls: the bot, or whom it calls on behalf of. */
  readonly doer: Doer;
  readonly world: World;
  readonly desk: Desk;
  readonly files: Files;
  readonly triggers: Triggers;
  /** Base URL of the simulator. */
  readonly url: string;
}

/** Answers with a JSON object, or with a status of its own. @throws HobnobError whose code is Zendesk's error */
export type Method = (call: Call) => Json | Response | Promise<Response>;
export type Methods = Readonly<Record<string, Method>>;

/** How Zendesk refuses a call. */
interface Refusal {
  readonly status: number;
  readonly details?: Json;
}

/** Answers with one of Zendesk's errors. */
export function fail(status: number, error: string, description: string, details?: Json): never {
  const cause: Refusal = { status, ...(details && { details }) };
  throw new HobnobError(error, description, { cause });
}

/** A field of a record has a value that cannot be. */
export function invalid(field: string, description: string, error = "InvalidValue"): never {
  return fail(422, "RecordInvalid", "Record validation errors", { [field]: [{ description, error }] });
}

export function notFound(): never {
  return fail(404, "RecordNotFound", "Not found");
}

/** The answer to what `fail` threw. */
export function refused({ code: error, message: description, cause }: HobnobError): Response {
  const { status, details } = cause as Refusal;
  // These two have shapes of their own.
  if (status === 401) return Response.json({ error: description }, { status });
  if (status === 403) return Response.json({ error: { title: error, message: description } }, { status });
  return Response.json({ error, description, ...(details && { details }) }, { status });
}

/** An object among the arguments; undefined when it is not there or no object. */
export function objectOf(value: unknown): Json | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

/** A text, or a number written as one; undefined when it is left out or null. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The ticket of the path. @throws HobnobError 404 */
export function ticketOf({ ids, world }: Pick<Call, "ids" | "world">): Ticket {
  return world.tickets().find(({ id }) => String(id) === ids[0]) ?? notFound();
}

/** The user of an id. @throws HobnobError 422 when there is none */
export function userOf({ world }: Pick<Call, "world">, id: unknown, field: string): User {
  return world.user(Number(id)) ?? invalid(field, `${field.charAt(0).toUpperCase()}${field.slice(1)} is invalid`);
}
