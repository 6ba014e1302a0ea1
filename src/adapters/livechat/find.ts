import type { Conversation, OutgoingReply, SentMessage } from "../../core/index.ts";
import type { Connection } from "./connection.ts";
import { listThreads, readThreads } from "./history.ts";
import { placeOf, rememberOpening } from "./send.ts";

// LiveChat's clock and ours are not the same. The ref tells a post from all others, so the time only ends the search.
const MARGIN = 600_000;

/** The event that carries this reply's `ref`. Where only the first of its events are there, the next call goes on behind them. */
export async function findReply(
  by: Connection,
  to: Conversation,
  reply: OutgoingReply,
): Promise<SentMessage | undefined | "unknown"> {
  let begun = 0;
  let isCut = false;
  const reading = {
    since: reply.since - MARGIN,
    onLimit() {
      isCut = true;
    },
  };
  for await (const events of readThreads(listThreads(by, to), to.id, reading)) {
    const found = events.find((event) => event.custom_id === reply.ref);
    begun += events.filter(({ custom_id: id }) => typeof id === "string" && id.startsWith(`${reply.ref}#`)).length;
    if (typeof found?.id !== "string") continue;
    const sent = { id: found.id, conversation: to };
    await rememberOpening(by, sent, reply);
    // The process may have ended between the whisper and the leave.
    by.chats.finish(placeOf(to));
    return sent;
  }
  if (begun > 0) await by.chats.goOn(reply.ref, begun);
  return isCut ? "unknown" : undefined;
}
