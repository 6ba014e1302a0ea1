import { HobnobError } from "../../core/index.ts";
import { UnreachableError } from "../fleet/index.ts";
import type { Target } from "./target.ts";

/** An error of `pg`: with a severity and a SQLSTATE when the server said it, else perhaps with a code of Node's. */
interface ServerError extends Error {
  readonly code?: string;
  readonly severity?: string;
}

const DISK_FULL = "53100";
const READ_ONLY = "25006";

/** What an error of a statement means. Without an answer of the server, nobody knows whether it was carried out. */
export function toFailure(target: Target, error: unknown): Error {
  if (error instanceof HobnobError) return error;
  const { code, message } = error as ServerError;
  if (!isAnswer(error as ServerError)) {
    return new UnreachableError(`${target.name} is out of reach: ${message || code}.`, { cause: error });
  }
  if (code === DISK_FULL) {
    return new HobnobError(
      "STORAGE_FULL",
      `${target.name} cannot grow: the server's disk is full. Free some space there; nothing was lost.`,
      { cause: error },
    );
  }
  if (code === READ_ONLY) return readOnly(target, error);
  return new HobnobError(
    "STORAGE_FAILED",
    `${target.name} could not be written: ${message} (${code}). The write was not made.`,
    { cause: error },
  );
}

/** What an error at the start means: each with what to mend. */
export function toOpenFailure(target: Target, error: unknown): Error {
  if (error instanceof HobnobError) return error;
  const { code, message } = error as ServerError;
  const where = `database ${JSON.stringify(target.database)} at ${target.host}`;
  const refusal = (name: string, text: string) => new HobnobError(name, text, { cause: error });
  switch (code) {
    case "28P01":
    case "28000":
      return refusal(
        "STORAGE_PASSWORD",
        `The server at ${target.host} does not let user ${JSON.stringify(target.user)} into ${where}: ${message}. Check user and password in the storage's URL, and the server's pg_hba.conf.`,
      );
    case "3D000":
      return refusal(
        "STORAGE_OPEN",
        `There is no ${where}. Create it (createdb -h ${target.host.split(":")[0]} ${target.database}), or name another one in the storage's URL.`,
      );
    case "42501":
      return refusal(
        "STORAGE_RIGHTS",
        `User ${JSON.stringify(target.user)} has not the rights that the storage needs in ${where}: ${message}. Give them: GRANT CREATE ON DATABASE ${target.database} TO ${target.user}; where schema ${target.schema} is there already, make the user its owner.`,
      );
    case "53300":
      return refusal(
        "STORAGE_OPEN",
        `The server at ${target.host} has no connection left for ${where}: ${message}. Raise max_connections; each process of Hobnob takes up to five.`,
      );
    case READ_ONLY:
      return readOnly(target, error);
  }
  if (isAnswer(error as ServerError))
    return refusal("STORAGE_OPEN", `${where} cannot be opened: ${message} (${code}).`);
  return refusal(
    "STORAGE_UNREACHABLE",
    `There is no answer from ${target.host} for ${where}: ${message || code}. Check that the server runs, and host and port in the storage's URL.`,
  );
}

export function readOnly(target: Target, cause?: unknown): HobnobError {
  return new HobnobError(
    "STORAGE_READ_ONLY",
    `${target.name} takes no writes: it is a standby, or set to read only. Point the storage's URL to the primary server.`,
    cause === undefined ? {} : { cause },
  );
}

/** The batch lost against another and was rolled back: it may be applied again at once. */
export function isCollision(error: unknown): boolean {
  const { code } = error as ServerError;
  return code === "40P01" || code === "40001";
}

// What the server says has a severity; but it may say that it breaks off. Class 08: the connection; 57P01 to 3: it goes down
// or comes up; 57P05, 25P03: it ended the connection; 57014: the statement ran out of time; 53300: no connection left.
function isAnswer({ code = "", severity }: ServerError): boolean {
  return severity !== undefined && !/^(08...|57P0[1235]|57014|25P03|53300)$/.test(code);
}
