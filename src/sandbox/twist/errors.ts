import { randomUUID } from "node:crypto";
import { HobnobError } from "../../core/index.ts";

const ERRORS = {
  19: [400, "Required argument is missing"],
  20: [400, "Invalid argument value"],
  105: [404, "Workspace not found"],
  106: [404, "User not found"],
  107: [404, "Channel not found"],
  108: [404, "Thread not found"],
  109: [403, "Forbidden"],
  115: [404, "Comment not found"],
  120: [401, "You are not logged in"],
  124: [404, "Conversation not found"],
  125: [404, "Message not found"],
  131: [409, "Already found"],
  200: [403, "Invalid token"],
  202: [400, "Upload failed"],
  205: [413, "Request entity too large"],
} as const satisfies Readonly<Record<number, readonly [number, string]>>;

/** A code of Twist's own. */
export type ErrorCode = keyof typeof ERRORS;

/** Answers with one of Twist's errors. */
export function fail(code: ErrorCode): never {
  throw new HobnobError(String(code), ERRORS[code][1]);
}

/** The error as Twist puts it; undefined for a thrown thing that is none of Twist's. */
export function errorAnswer(error: unknown): Response | undefined {
  const code = error instanceof HobnobError ? Number(error.code) : Number.NaN;
  if (!Object.hasOwn(ERRORS, code)) return undefined;
  const [status, text] = ERRORS[code as ErrorCode];
  return Response.json(
    { error_uuid: randomUUID().replaceAll("-", ""), error_code: code, error_extra: {}, error_string: text },
    { status },
  );
}
