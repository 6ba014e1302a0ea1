import type { Clock } from "./clock.ts";
import type { Life } from "./life.ts";
import type { SentMessage } from "./reply.ts";

export interface StreamHost {
  readonly clock: Clock;
  readonly life: Life;
  /** What is shown of the text. */
  render(text: string): string;
  /** The text as posts, each short enough. */
  split(text: string): readonly string[];
  /** Sends the nth post. `isNew` is false when an earlier attempt had sent it, with a text nobody knows. */
  post(index: number, text: string): Promise<{ readonly sent: SentMessage; readonly isNew: boolean }>;
  edit(sent: SentMessage, text: string): Promise<void>;
}

// Slack allows about one edit a second in a channel; people read no faster.
const EDIT_EVERY_MS = 1000;

/** Shows a growing text by editing: at most about one call a second, and at the end every character is there. */
export async function streamText(parts: AsyncIterable<string>, options: StreamHost): Promise<SentMessage> {
  const posts: { sent: SentMessage; text: string | undefined }[] = [];
  let text = "";
  const shown = () => options.render(text);
  let isEnded = false;
  let failure: { readonly error: unknown } | undefined;
  let wake = () => {};

  const reading = (async () => {
    try {
      for await (const part of parts) {
        text += part;
        if (options.life.reason !== undefined) throw options.life.reason;
        wake();
      }
    } catch (error) {
      failure = { error };
    }
    isEnded = true;
    wake();
  })();

  async function show() {
    for (const [index, wanted] of options.split(shown()).entries()) {
      const post = posts[index];
      if (post === undefined) {
        const { sent, isNew } = await options.post(index, wanted);
        posts.push({ sent, text: isNew ? wanted : undefined });
      }
      const now = posts[index]!;
      if (now.text !== wanted) {
        await options.edit(now.sent, wanted);
        now.text = wanted;
      }
    }
  }

  while (!isEnded) {
    if (shown().trim() === "") await new Promise<void>((resolve) => (wake = resolve));
    else {
      await show();
      if (!isEnded)
        await pause(
          options.clock,
          () => isEnded,
          (resolve) => (wake = resolve),
        );
    }
  }
  await reading;
  if (failure !== undefined) throw failure.error;
  await show();
  return posts[0]!.sent;
}

/** A second, or less when the text has ended. */
function pause(clock: Clock, isEnded: () => boolean, onWake: (wake: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(EDIT_EVERY_MS, resolve);
    onWake(() => {
      if (!isEnded()) return;
      cancel();
      resolve();
    });
  });
}
