import type { Clock } from "./clock.ts";

/**
 * How long a run may go on: ended by a time-out, by the bot's stopping, or by its own verdict.
 * A class, since one is made for every run: its methods are made once.
 */
export class Life {
  #reason: unknown;
  #controller: AbortController | undefined;
  #listeners: ((reason: unknown) => void)[] | undefined;

  /** Why it ended; undefined while it lives. */
  get reason(): unknown {
    return this.#reason;
  }

  /** For `fetch` and the like; made when it is first asked for, since most runs never do. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Calls back once, with the reason. */
  onEnd(listener: (reason: unknown) => void): void {
    if (this.#reason !== undefined) listener(this.#reason);
    else if (this.#listeners === undefined) this.#listeners = [listener];
    else this.#listeners.push(listener);
  }

  /** It need not be told any more. */
  offEnd(listener: (reason: unknown) => void): void {
    const at = this.#listeners?.lastIndexOf(listener) ?? -1;
    if (at >= 0) this.#listeners!.splice(at, 1);
  }

  /** The first reason counts. */
  end(reason: unknown): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    for (const listener of this.#listeners ?? []) listener(reason);
    this.#listeners = undefined;
  }
}

/** Rejects with the reason when the life ends first. */
export function sleep(clock: Clock, ms: number, life: Life): Promise<void> {
  return new Promise((resolve, reject) => {
    const ended = (reason: unknown) => {
      cancel();
      reject(reason);
    };
    const cancel = clock.after(ms, () => {
      life.offEnd(ended);
      resolve();
    });
    life.onEnd(ended);
  });
}
