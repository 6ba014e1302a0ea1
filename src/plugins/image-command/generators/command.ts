import { spawn } from "node:child_process";
import { mkdtempDisposable, readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorCode, fill, HobnobError } from "../../../core/index.ts";
import { tooLarge } from "../png.ts";
import type { Generator } from "./generator.ts";

/** Which program draws. */
export interface CommandOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly folder?: string | undefined;
}

/** Lets a program of this machine draw. It gets its arguments as they are, without a shell. */
export function command(
  { program, args, folder }: CommandOptions,
  { maxBytes }: { readonly maxBytes: number },
): Generator {
  return {
    async draw({ seed, truncation, signal }) {
      await using drafts = await mkdtempDisposable(join(tmpdir(), "hobnob-picture-"));
      const file = join(drafts.path, "picture.png");
      const filled = args.map((argument) => fill(argument, { seed, truncation, file }));
      const output = await run(program, filled, { folder, maxBytes, signal });
      return args.some((argument) => argument.includes("{file}")) ? await readPicture(file, maxBytes) : output;
    },
  };
}

interface RunOptions {
  readonly folder: string | undefined;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** Runs a program to its end; resolves with what it wrote to its standard output. */
function run(program: string, args: readonly string[], { folder, maxBytes, signal }: RunOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const child = spawn(program, args, {
      ...(folder !== undefined && { cwd: folder }),
      stdio: ["ignore", "pipe", "ignore"],
      // A group of its own, so that whatever it has started ends with it.
      detached: process.platform !== "win32",
    });
    const parts: Buffer[] = [];
    let size = 0;

    function end(reason: unknown) {
      reject(reason);
      killGroup(child.pid, () => child.kill("SIGKILL"));
    }
    const onAbort = () => end(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });

    child.stdout.on("data", (part: Buffer) => {
      size += part.length;
      if (size > maxBytes) end(tooLarge(maxBytes));
      else parts.push(part);
    });
    child.on("error", (error) => reject(failed(`could not be run: ${errorCode(error)}`)));
    child.on("close", (code, killedBy) => {
      signal.removeEventListener("abort", onAbort);
      if (code === 0) resolve(Buffer.concat(parts));
      else reject(failed(code === null ? `was ended by ${killedBy}` : `ended with exit code ${code}`));
    });
  });
}

function killGroup(pid: number | undefined, killAlone: () => void): void {
  if (pid === undefined) return;
  try {
    if (process.platform === "win32") killAlone();
    else process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

async function readPicture(file: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const { size } = await stat(file);
    if (size > maxBytes) throw tooLarge(maxBytes);
    return await readFile(file);
  } catch (error) {
    if (error instanceof HobnobError) throw error;
    throw failed(`wrote no picture to {file}: ${errorCode(error)}`);
  }
}

function failed(what: string): HobnobError {
  return new HobnobError("IMAGE_FAILED", `The program that draws ${what}. Run it by hand to see what it says.`);
}
