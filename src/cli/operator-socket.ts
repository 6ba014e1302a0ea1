import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";

// Linux takes 107 bytes, macOS 103.
const LONGEST_PATH = 100;

/**
 * Where the socket of a storage's bot may be, the best place first: beside the storage's file; else, as when its path
 * is too long for a socket or its disk has none, in a folder of this user under the system's temporary one.
 *
 * @param storage the storage's name, such as `sqlite:data/hobnob.db`
 */
export function socketPaths(storage: string): readonly string[] {
  const file = storage.startsWith("sqlite:") ? resolve(storage.slice("sqlite:".length)) : undefined;
  // Without a file of its own a storage is told apart by the folder the bot was started in.
  const hash = createHash("sha256")
    .update(file ?? `${storage}\n${process.cwd()}`)
    .digest("hex")
    .slice(0, 16);
  if (process.platform === "win32") return [`\\\\.\\pipe\\hobnob-${hash}`];
  const temporary = join(temporaryFolder(), `${hash}.sock`);
  const beside = file === undefined ? [] : [`${file}.sock`];
  return [...beside, temporary].filter((path) => Buffer.byteLength(path) <= LONGEST_PATH);
}

/** Makes the folder under the temporary one for this user alone; false when others may write to it. */
export function ownFolder(path: string): boolean {
  const folder = dirname(path);
  if (process.platform === "win32" || folder !== temporaryFolder()) return true;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(folder);
  return uid === userInfo().uid && (mode & 0o077) === 0;
}

const temporaryFolder = () => join(tmpdir(), `hobnob-${userInfo().uid}`);

/** Is there a socket, and did this user (or root) make it? */
export function isOwnSocket(path: string): boolean {
  if (process.platform === "win32") return true;
  const found = lstatSync(path, { throwIfNoEntry: false });
  const { uid } = userInfo();
  return found?.isSocket() === true && (found.uid === uid || uid === 0);
}

/** Takes away what a killed process left. */
export function removeSocket(path: string): void {
  if (process.platform !== "win32") rmSync(path, { force: true });
}
