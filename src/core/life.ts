/** How long a run may go on: ended by a time-out, by the bot's stopping, or by its own verdict. */
export interface Life {
  /** Why it ended; undefined while it lives. */
  readonly reason: unknown;
  /** For `fetch` and the like; made when it is first asked for, since most runs never do. */
  readonly signal: AbortSignal;
  /** Calls back once, with the reason. */
  onEnd(listener: (reason: unknown) => void): void;
  /** The first reason counts. */
  end(reason: unknown): void;
}

export function createLife(): Life {
  let reason: unknown;
  let controller: AbortController | undefined;
  const listeners: ((reason: unknown) => void)[] = [];
  return {
    get reason() {
      return reason;
    },
    get signal() {
      if (controller === undefined) {
        controller = new AbortController();
        if (reason !== undefined) controller.abort(reason);
      }
      return controller.signal;
    },
    onEnd(listener) {
      if (reason === undefined) listeners.push(listener);
      else listener(reason);
    },
    end(why) {
      if (reason !== undefined) return;
      reason = why;
      controller?.abort(why);
      for (const listener of listeners) listener(why);
    },
  };
}
