import { errorMessage, HobnobError } from "../../core/index.ts";
import { UnreachableError } from "../fleet/index.ts";

/** What Redis said no with (`OOM`, `NOSCRIPT`, …); undefined where it said nothing: the connection broke, or it took too long. */
export function refusalOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== "ReplyError") return undefined;
  // Before Redis 7, an error inside a script stands behind the place it happened at.
  const inside = / -([A-Z]+) /.exec(error.message)?.[1];
  return inside ?? /^([A-Z]+)\b/.exec(error.message)?.[1] ?? "ERR";
}

// Redis did nothing now, and will when it has read its data, is done with a long script, or is the master again. Whether it
// (or the master) had done it before, where this is asked a second time, nobody knows.
const PASSING = ["LOADING", "BUSY", "MASTERDOWN", "TRYAGAIN", "READONLY"];

/** A failed call as the contract wants it: unreachable where nobody knows, one of ours where nothing was written. */
export function failure(name: string, error: unknown): Error {
  if (error instanceof HobnobError || error instanceof RangeError) return error;
  const refusal = refusalOf(error);
  if (refusal === undefined || PASSING.includes(refusal)) {
    return new UnreachableError(`${name} does not answer: ${errorMessage(error)}.`, { cause: error });
  }
  if (refusal === "OOM") {
    return new HobnobError(
      "STORAGE_FULL",
      `${name} has no memory left (maxmemory). Raise maxmemory, or wait until some jobs are done; nothing was lost.`,
      { cause: error },
    );
  }
  if (refusal === "WRONGPASS" || refusal === "NOAUTH") {
    return new HobnobError(
      "STORAGE_PASSWORD",
      `${name} refuses the user or password. Put the right ones into the URL (redis://user:password@host), % signs as %25.`,
      { cause: error },
    );
  }
  if (refusal === "NOPERM") {
    return new HobnobError(
      "STORAGE_RIGHTS",
      `${name} does not let this user do what the storage needs: ${errorMessage(error)}. Give the user those rights.`,
      { cause: error },
    );
  }
  return new HobnobError("STORAGE_FAILED", `${name} refused: ${errorMessage(error)}. Nothing was written.`, {
    cause: error,
  });
}
