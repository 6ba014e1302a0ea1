import { expect, test } from "vitest";
import { createFeed } from "../../src/sandbox/feed.ts";
import { openStage } from "./stage.ts";

// biome-ignore lint/suspicious/noExplicitAny: a test looks at what the wire brings
type Heard = { readonly id: string; readonly data: any };

async function* hear(response: Response): AsyncGenerator<Heard> {
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const parts = text.split("\n\n");
    text = parts.pop()!;
    for (const part of parts) {
      const match = /^id: (.+)\ndata: (.+)$/.exec(part);
      if (match) yield { id: match[1]!, data: JSON.parse(match[2]!) };
    }
  }
}

const trace = { stage: "stored", event: "e1", at: 1, adapter: "slack" } as const;

test("the page hears of messages, reactions and traces, and resumes where it was", async () => {
  await using stage = await openStage();
  const events = hear(await stage.control("/events"));
  const id = await stage.say("hello");
  await stage.control("/slack/react", { id, name: "tada", conversation: "general" });
  stage.sandbox.trace(trace);

  const said = (await events.next()).value as Heard;
  expect(said.data).toMatchObject({ type: "message", platform: "slack", conversation: "general", message: { id } });
  expect((await events.next()).value.data).toMatchObject({ type: "reaction", id, reactions: [{ name: "tada" }] });
  expect((await events.next()).value.data).toEqual({ type: "trace", trace });
  await events.return(undefined);

  const resumed = hear(await stage.control("/events", undefined, { headers: { "last-event-id": said.id } }));
  expect((await resumed.next()).value.data.type).toBe("reaction");
  await resumed.return(undefined);
});

test("a page that comes back from another life draws everything anew; a fresh one gets the recent traces", async () => {
  const feed = createFeed();
  feed.publish({ type: "refresh" });
  feed.publish({ type: "trace", trace });
  const foreign = hear(feed.stream("another-1"));
  expect((await foreign.next()).value.data).toEqual({ type: "refresh" });
  const fresh = hear(feed.stream(undefined));
  expect((await fresh.next()).value.data).toEqual({ type: "trace", trace });
  feed.close();
  expect((await fresh.next()).done).toBe(true);
});
