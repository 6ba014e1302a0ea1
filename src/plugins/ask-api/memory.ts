import type { Context, Store } from "../../core/index.ts";
import type { Turn } from "./backend.ts";
import type { AskApiOptions } from "./options.ts";

/** A question that was answered. */
interface Exchange {
  /** Of the message that asked. */
  readonly id: string;
  readonly question: string;
  readonly answer: string;
}

/** What was said in one conversation by one person and to them. */
export interface Memory {
  recall(): Promise<readonly Turn[]>;
  remember(question: string, answer: string): Promise<void>;
  forget(): Promise<void>;
}

export function openMemory({ event, store }: Pick<Context, "event" | "store">, options: AskApiOptions): Memory {
  const { adapter, account = "", id, thread = "" } = event.conversation;
  const key = `memory:${[adapter, account, id, thread, event.author.id].join("/")}`;
  // An attempt that ran before, and was not told that it had succeeded, may have left this very question.
  const others = async () => ((await read(store, key)) ?? []).filter((exchange) => exchange.id !== event.id);
  return {
    recall: async () => (await others()).flatMap(turnsOf),
    async remember(question, answer) {
      const kept = withinLimits([...(await others()), { id: event.id, question, answer }], options);
      await store.set(key, kept, { ttl: options.memoryTtl });
    },
    async forget() {
      await store.delete(key);
    },
  };
}

const read = (store: Store, key: string) => store.get<readonly Exchange[]>(key);

function turnsOf({ question, answer }: Exchange): readonly Turn[] {
  return [
    { role: "user", content: question },
    { role: "assistant", content: answer },
  ];
}

/** The latest exchanges that fit. */
function withinLimits(
  exchanges: readonly Exchange[],
  { memoryMessages, memoryCharacters }: AskApiOptions,
): readonly Exchange[] {
  const most = Math.floor(memoryMessages / 2);
  const latest = most === 0 ? [] : exchanges.slice(-most).toReversed();
  let characters = 0;
  const end = latest.findIndex(({ question, answer }) => {
    characters += question.length + answer.length;
    return characters > memoryCharacters;
  });
  return latest.slice(0, end === -1 ? undefined : end).toReversed();
}
