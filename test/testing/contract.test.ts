import { describe, expect, test } from "vitest";
import { openPigeonPost } from "../../examples/pigeon/fake-pigeon.ts";
import { type Adapter, type AdapterHost, DeliveryError, type WebhookRequest } from "../../src/core/index.ts";
import { type AdapterSubject, adapterContract } from "../../src/testing/index.ts";

const message = { id: "17", room: "loft", from: "ada", text: "Where is my pizza?", at: 1_800_000_000_000 };
const sound: AdapterSubject = {
  abilities: ["webhook", "find"],
  longestPost: 1000,
  fixtures: [{ name: "a message", body: JSON.stringify(message), events: [{ kind: "message", text: message.text }] }],
  open: openPigeonPost,
};

/** Pigeon Post with an adapter that does something wrong. */
function spoilt(spoil: (sound: Adapter) => Partial<Adapter>): AdapterSubject {
  return {
    ...sound,
    async open(bot) {
      const platform = await openPigeonPost(bot);
      return { ...platform, adapter: { ...platform.adapter, ...spoil(platform.adapter) } };
    },
  };
}

/** The same, spoilt at what the adapter hands to its host. */
const hosted = (change: (host: AdapterHost) => Partial<AdapterHost>) =>
  spoilt(({ start }) => ({ start: (host) => start({ ...host, ...change(host) }) }));

/** Why a check fails. */
async function failure(subject: AdapterSubject, name: string): Promise<string> {
  const check = adapterContract(subject).find((each) => each.name.startsWith(name));
  expect(check, name).toBeDefined();
  return check!.run().then(
    () => "it does not",
    (error: Error) => error.message,
  );
}

const said: string[] = [];

describe.concurrent("the contract notices an adapter that", () => {
  test.each<[string, AdapterSubject, string, RegExp]>([
    [
      "acknowledges before the event is stored",
      hosted(({ receive }) => ({
        async receive(event) {
          void receive(event).catch(() => {});
          return { event: "unknown", duplicate: false };
        },
      })),
      "acknowledges an event only once it is stored",
      /The platform was answered while/,
    ],
    [
      "acknowledges what could not be stored",
      hosted(({ receive }) => ({
        receive: (event) => receive(event).catch(() => ({ event: "lost", duplicate: false })),
      })),
      "asks for an event again that could not be stored",
      /told \[200\] instead of 5xx/,
    ],
    [
      "gives every delivery another key",
      hosted(({ receive }) => ({ receive: (event) => receive({ ...event, key: `${Math.random()}` }) })),
      "answers once, however often the same request comes",
      /The bot spoke 11 times instead of 1/,
    ],
    [
      "believes everybody",
      spoilt(({ webhook }) => ({
        webhook: (request) => webhook!({ ...request, headers: { ...request.headers, "x-secret": "wings" } }),
      })),
      "refuses what the platform has not sent",
      /Forged request 0 was answered with 200 instead of 4xx/,
    ],
    [
      "stumbles over nonsense",
      spoilt(({ webhook }) => ({
        webhook(request: WebhookRequest) {
          JSON.parse(Buffer.from(request.body).toString());
          return webhook!(request);
        },
      })),
      "answers nonsense with less than 500",
      /an empty body was answered with 500/,
    ],
    [
      "cuts what is long",
      spoilt(({ send }) => ({ send: (to, reply) => send(to, { ...reply, text: reply.text.slice(0, 400) }) })),
      "shows a text of 100,000 characters",
      /is missing, or not in its place/,
    ],
    [
      "forgets the buttons",
      spoilt(({ send }) => ({ send: (to, reply) => send(to, { ...reply, buttons: [] }) })),
      "shows buttons",
      /"Margherita" is nowhere to be seen/,
    ],
    [
      "tells everybody what is for the staff",
      { ...sound, audiences: ["agents"] },
      "shows a reply to the staff",
      /Who sees the post is "everyone"; it should be "agents"/,
    ],
    [
      "takes a pause for a failure",
      spoilt(({ send }) => ({
        send: (to, reply) =>
          send(to, reply).catch((error: Error) => {
            throw new DeliveryError(error.message, { maybeSent: true });
          }),
      })),
      "waits when the platform wants a pause",
      /The list of attempts is \[1,2\]; it should be \[1\]/,
    ],
    [
      "is sure where it cannot be",
      spoilt(({ send }) => ({
        send: (to, reply) =>
          send(to, reply).catch((error: Error) => {
            throw new DeliveryError(error.message, { maybeSent: false });
          }),
      })),
      "finds a post whose answer was lost",
      /The bot spoke 3 times instead of 2/,
    ],
    [
      "sends again by itself",
      spoilt(({ send }) => ({
        send: (to, reply) => send(to, reply).catch(() => send(to, { ...reply, ref: "again" })),
      })),
      "finds a post whose answer was lost",
      /The bot spoke 3 times instead of 2/,
    ],
    [
      "never finds anything",
      spoilt(() => ({ find: async () => undefined })),
      "finds a post whose answer was lost",
      /\["not found"\]; it should be \["found"\]|spoke 3 times/,
    ],
    [
      "tells its secret to the log",
      spoilt(({ start }) => ({
        start(host) {
          host.log.info({ headers: { "x-secret": "wings" } }, "Pigeon Post is connected.");
          return start(host);
        },
      })),
      "keeps secrets and messages to itself",
      /`secrets\[0\]` is in the log/,
    ],
    [
      "tells a message to the log",
      spoilt(({ start }) => ({
        start: (host) =>
          start({
            ...host,
            receive(event) {
              host.log.debug({ event }, "Somebody spoke.");
              return host.receive(event);
            },
          }),
      })),
      "keeps secrets and messages to itself",
      /The text of a message is in the log/,
    ],
    [
      "shares what it has said with all others",
      spoilt(({ send }) => ({
        send: (to, reply) => {
          said.push(reply.text);
          return send(to, { ...reply, text: said.find((text) => text.startsWith("I am")) ?? reply.text });
        },
      })),
      "shares nothing with another of its kind",
      /has said is \["I am the/,
    ],
    [
      "has a method that only throws",
      spoilt(() => ({
        async react() {
          throw new Error("not implemented");
        },
      })),
      "has the abilities it is said to have, and no others",
      /"react"/,
    ],
    [
      "does not come back after a stop",
      spoilt(({ start, stop }) => {
        let isGone = false;
        return {
          start: async (host) => (isGone ? undefined : start(host)),
          async stop() {
            isGone = true;
            await stop!();
          },
        };
      }),
      "stops twice without harm, and starts again",
      /The bot spoke 1 times instead of 2/,
    ],
  ])("%s", async (_, subject, name, sentence) => {
    expect(await failure(subject, name)).toMatch(sentence);
  });
});
