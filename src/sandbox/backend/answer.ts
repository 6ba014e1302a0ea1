/** What a question can ask for, in brackets, to see what a bot makes of it. */
export type Trouble = "refuse" | "error" | "hang" | "break" | "empty";

/** What the backend says, and how it fails meanwhile. */
export interface Answer {
  readonly text: string;
  readonly trouble: Trouble | undefined;
}

/** Stands in an answer for the end of a line. */
const LINE_BREAK = "\\/%*/\\";
const HUGE = 3000;

/** What the backend says to a question: the question itself, in capitals. The same question gets the same answer. */
export function answerTo(question: string): Answer {
  const trouble = /\((refuse|error|hang|break|empty)\)/i.exec(question)?.[1]?.toLowerCase() as Trouble | undefined;
  if (trouble === "empty") return { text: "", trouble };
  const echo = `Sure, I'll get right on that!${LINE_BREAK}${question.toUpperCase()}`;
  if (!/\(huge\)/i.test(question)) return { text: echo, trouble };
  const words = Array.from({ length: HUGE }, (_, index) => `word${index + 1}`);
  return { text: `${echo} ${words.join(" ")}`, trouble };
}

/** What an answer needs on its way. */
export interface Way {
  pause(ms: number): Promise<void>;
  /** Breaks the connection. */
  drop(): void;
}

/** An answer as it comes: word by word. Some never come, or not to the end. */
export async function* wordsOf({ text, trouble }: Answer, { pause, drop }: Way): AsyncGenerator<string> {
  const words = text.match(/\s*\S+/g) ?? [];
  // So slow that words are seen to come, so quick that nobody waits.
  const every = words.length > 100 ? 1 : 40;
  for (const [index, word] of words.entries()) {
    if (trouble === "hang" && index === 1) await pause(Number.POSITIVE_INFINITY);
    if (trouble === "break" && index >= words.length / 2) return drop();
    yield word;
    await pause(every);
  }
}
