import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { twilio } from "../../../src/adapters/twilio/index.ts";
import { HobnobError } from "../../../src/core/index.ts";
import { failure, request, startAdapter } from "../stage.ts";
import { accountSid, fixture, ours, reply, signed, startTwilio, to, token } from "./started.ts";

const EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>';
const XML = { "content-type": "text/xml; charset=utf-8" };

test("a message is answered with an empty TwiML once it is stored", async () => {
  await using bot = await startTwilio();
  const id = "SM0123456789abcdef0123456789abcdef";
  expect(await bot.deliver(signed(fixture("sms")))).toEqual({
    status: 200,
    headers: XML,
    body: EMPTY,
    acknowledges: `message ${id}`,
  });
  expect(bot.events).toMatchObject([
    {
      kind: "message",
      id,
      conversation: { adapter: "twilio", account: ours, id: "+16505551111", isDirect: true },
      author: { id: "+16505551111", name: "+16505551111", isBot: false },
      text: "Olá & thanks + more",
      isMention: true,
      attachments: [],
      raw: { FromState: "CA" },
    },
  ]);
});

test("files come as attachments, named by their kind", async () => {
  await using bot = await startTwilio();
  await bot.deliver(signed(fixture("mms")));
  const media = `https://api.twilio.com/2010-04-01/Accounts/${accountSid}/Messages/MM0123456789abcdef0123456789abcdef/Media`;
  expect(bot.events).toMatchObject([
    {
      text: "",
      attachments: [
        { name: "image-1.jpeg", mimeType: "image/jpeg", url: `${media}/ME0123456789abcdef0123456789abcde0` },
        { name: "text-2.vcard", mimeType: "text/x-vcard", url: `${media}/ME0123456789abcdef0123456789abcde1` },
      ],
    },
  ]);
});

test("a WhatsApp message brings its author's name, a pressed button its payload", async () => {
  await using bot = await startTwilio();
  await bot.deliver(signed(fixture("whatsapp")));
  await bot.deliver(signed(fixture("whatsapp-button")));
  const conversation = { account: `whatsapp:${ours}`, id: "whatsapp:+16505553333" };
  expect(bot.events).toMatchObject([
    { kind: "message", conversation, author: { name: "Grace H." }, text: "where is it?" },
    { kind: "action", conversation, name: "order-yes", messageId: "MM9123456789abcdef0123456789abcdef" },
  ]);
});

test("the bot's own number is marked as the bot itself", async () => {
  await using bot = await startTwilio();
  await bot.deliver(signed(fixture("sms", { From: ours, To: "+16505554444" })));
  expect(bot.events[0]?.author.isSelf).toBe(true);
});

test("an immediate text is said in the answer, escaped and without what XML cannot hold", async () => {
  await using bot = await startTwilio(
    {},
    { receive: async () => ({ event: "e", duplicate: false, ack: "**A** < B & \"C\" 'D' ]]> \u0000\u0007\ud800🍕" }) },
  );
  const { body, headers } = await bot.deliver(signed(fixture("sms")));
  const text = "A &#60; B &#38; &#34;C&#34; &#39;D&#39; ]]&#62; �🍕";
  expect(body).toBe(EMPTY.replace("<Response/>", `<Response><Message><Body>${text}</Body></Message></Response>`));
  expect(headers).toEqual(XML);
});

test("an immediate text goes inline only where it fits into one message", () => {
  const { inlineAck } = twilio().limits;
  const fits = (ack: Parameters<Exclude<typeof inlineAck, boolean>>[1]) =>
    typeof inlineAck === "function" && inlineAck({ conversation: to } as never, ack);
  expect(fits("One moment")).toBe(true);
  expect(fits({ text: "One moment" })).toBe(true);
  expect(fits("x".repeat(1601))).toBe(false);
  expect(fits(" ")).toBe(false);
  expect(fits({ text: "a", buttons: [{ id: "a", label: "A" }] })).toBe(false);
});

test("a request that Twilio has not signed gets a 403 in XML, and only the first is worth a warning", async () => {
  await using bot = await startTwilio();
  for (const key of ["another", "a third"]) {
    const answer = await bot.deliver(signed(fixture("sms"), { key }));
    expect(answer).toMatchObject({ status: 403, headers: XML });
    expect(answer.body).toMatch(/^<\?xml.*<Response><!-- .*SIGNATURE_INVALID.*TWILIO_AUTH_TOKEN.* --><\/Response>$/);
    expect(answer.body).not.toContain(token);
  }
  expect(bot.events).toEqual([]);
  expect(bot.lines.map(({ level }) => level)).toEqual(["warn", "debug"]);
});

test("the public URL counts, not the Host that the request names", async () => {
  await using bot = await startTwilio({ url: "https://proxy.example.com/hooks/sms#rc=3&rp=all" });
  const proxied = signed(fixture("sms"), { url: "https://proxy.example.com/hooks/sms", path: "/twilio/sms" });
  expect((await bot.deliver({ ...proxied, headers: { ...proxied.headers, host: "127.0.0.1:3000" } })).status).toBe(200);
  expect((await bot.deliver(signed(fixture("sms")))).status).toBe(403);
});

test("both tokens of a rotation are taken, as a list or in one variable", async () => {
  for (const authToken of [["new", token], `new, ${token}`]) {
    await using bot = await startTwilio({ authToken });
    expect((await bot.deliver(signed(fixture("sms")))).status).toBe(200);
    expect((await bot.deliver(signed(fixture("sms"), { key: "new" }))).status).toBe(200);
    expect((await bot.deliver(signed(fixture("sms"), { key: "old" }))).status).toBe(403);
  }
});

test("a message may come by GET or as JSON", async () => {
  await using bot = await startTwilio();
  const url = "https://bot.example.com/twilio/sms";
  const get = { ...signed("", { url: `${url}?${fixture("sms")}` }), method: "GET" };
  expect((await bot.deliver(get)).status).toBe(200);
  const body = JSON.stringify(Object.fromEntries(new URLSearchParams(fixture("sms"))));
  const hash = createHash("sha256").update(body).digest("hex");
  const { headers, ...json } = signed("", { url: `${url}?bodySHA256=${hash}` });
  const answer = await bot.deliver({
    ...json,
    headers: { ...headers, "content-type": "application/json" },
    body: Buffer.from(body),
  });
  expect(answer.status).toBe(200);
  expect(bot.events.map(({ id }) => id)).toEqual(Array(2).fill("SM0123456789abcdef0123456789abcdef"));
});

test("a message of another account is refused", async () => {
  await using bot = await startTwilio();
  const foreign = signed(fixture("sms", { AccountSid: "AC9999999999abcdef0123456789abcdef" }));
  expect((await bot.deliver(foreign)).status).toBe(403);
});

describe("a signed body that Twilio would not send", () => {
  test.each<[string, string]>([
    ["nothing", ""],
    ["no MessageSid", fixture("sms", { MessageSid: undefined })],
    ["no From", fixture("sms", { From: "" })],
    ["two bodies", `${fixture("sms")}&Body=two`],
    ["two senders", `${fixture("sms")}&From=%2B1650555999`],
    ["a NumMedia that is no number", fixture("sms", { NumMedia: "many" })],
    ["a NumMedia without end", fixture("sms", { NumMedia: "4000000000" })],
    ["a phone call", "CallSid=CA1&From=%2B16505551111&To=%2B16505552222"],
    ["everything under __proto__", `__proto__=${encodeURIComponent(fixture("sms"))}`],
    ["a status without a message", fixture("status-undelivered", { MessageSid: undefined })],
  ])("%s gets a 400", async (_, form) => {
    await using bot = await startTwilio();
    const answer = await bot.deliver(signed(form));
    expect(answer).toMatchObject({ status: 400, headers: XML });
    expect(answer.body).toContain("WEBHOOK_INVALID");
    expect(bot.events).toEqual([]);
  });

  test("bytes that are no UTF-8 get a 400", async () => {
    await using bot = await startTwilio();
    const bytes = { ...signed(fixture("sms")), body: Buffer.from([0x42, 0x3d, 0xff, 0xfe]) };
    expect((await bot.deliver(bytes)).status).toBe(400);
  });

  test("fields that are new or called __proto__ change nothing", async () => {
    await using bot = await startTwilio();
    const form = `${fixture("sms")}&__proto__=1&NewThing=2&ReferralNumMedia=x`;
    expect((await bot.deliver(signed(form))).status).toBe(200);
    expect(({} as Record<string, unknown>).NewThing).toBeUndefined();
  });

  test("another method gets a 405", async () => {
    await using bot = await startTwilio();
    expect((await bot.deliver({ ...signed(fixture("sms")), method: "PUT" })).status).toBe(405);
  });
});

test("an event that cannot be stored is answered with 503, in XML", async () => {
  await using full = await startTwilio(
    {},
    {
      receive: async () => {
        throw new HobnobError("STORAGE_FULL", "The disk -- is full.");
      },
    },
  );
  const answer = await full.deliver(signed(fixture("sms")));
  expect(answer).toMatchObject({ status: 503, headers: XML });
  expect(answer.body).toContain("STORAGE_FULL");
  expect(String(answer.body).match(/--/g)).toHaveLength(2);
});

test("before its start and after its stop nothing is acknowledged", async () => {
  expect((await twilio().webhook!(signed(fixture("sms")))).status).toBe(503);
  await using bot = await startTwilio();
  await bot.adapter.stop!();
  expect(await bot.deliver(signed(fixture("sms")))).toMatchObject({ status: 503, headers: XML });
});

describe("somebody who has had enough", () => {
  let count = 0;
  const wish = (Body: string, more = {}) =>
    signed(fixture("sms", { Body, MessageSid: `SM${String(count++).padStart(32, "0")}`, ...more }));

  test.each(["STOP", " stop. ", "StopAll", "UNSUBSCRIBE", "cancel", "END", "quit"])(
    "says %s: no plugin hears of it, and nothing is sent any more",
    async (word) => {
      await using bot = await startTwilio();
      expect((await bot.deliver(wish(word))).body).toBe(EMPTY);
      expect(bot.events).toEqual([]);
      expect(bot.ignored()).toBe(1);
      const error = await failure(bot.adapter.send(to, reply()));
      expect(error).toMatchObject({ maybeSent: false, permanent: true });
      expect(error.message).toContain("START");
    },
  );

  test("is still left alone after a restart, and by no immediate text either", async () => {
    await using bot = await startTwilio();
    await bot.deliver(wish("STOP"));
    await bot.adapter.stop!();
    const again = twilio({ accountSid, authToken: token, from: ours });
    const receive = async () => ({ event: "e", duplicate: false, ack: "One moment" });
    await again.start({ ...bot.host, receive });
    expect(await failure(again.send(to, reply()))).toMatchObject({ permanent: true });
    expect((await again.webhook!(signed(fixture("sms")))).body).toBe(EMPTY);
    await again.webhook!(wish("START"));
    expect((await again.webhook!(signed(fixture("sms")))).body).toContain("One moment");
    await again.stop!();
  });

  test("means the word only when it stands alone, and YES only after a STOP", async () => {
    await using bot = await startTwilio();
    for (const text of ["stop it", "YES", "start now", "the end"]) await bot.deliver(wish(text));
    expect(bot.events).toHaveLength(4);
    await bot.deliver(wish("STOP"));
    await bot.deliver(wish("yes"));
    expect(bot.events).toHaveLength(4);
    expect(await bot.host.store.get(`out:${ours}:${to.id}`)).toBeUndefined();
  });

  test("is not taken at an old word that comes once more", async () => {
    await using bot = await startTwilio();
    const [stop, yes, stopAgain] = [wish("STOP"), wish("YES"), wish("STOP")];
    const isOut = async () => (await bot.host.store.get(`out:${ours}:${to.id}`)) !== undefined;
    for (const each of [stop, yes, stop, yes]) await bot.deliver(each);
    expect([await isOut(), bot.events]).toEqual([false, []]);
    for (const each of [stopAgain, yes, stop]) await bot.deliver(each);
    expect([await isOut(), bot.events]).toEqual([true, []]);
  });

  test("is understood in the words that Twilio was taught", async () => {
    await using bot = await startTwilio();
    await bot.deliver(wish("Arrêt", { OptOutType: "STOP", MessagingServiceSid: "MG0123456789abcdef0123456789abcdef" }));
    expect(await failure(bot.adapter.send(to, reply()))).toMatchObject({ permanent: true });
    const service = { ...to, account: "MG0123456789abcdef0123456789abcdef" };
    expect(await failure(bot.adapter.send(service, reply()))).toMatchObject({ permanent: true });
  });

  test("HELP is Twilio's to answer by SMS, the plugins' on WhatsApp and where the operator wants it", async () => {
    await using bot = await startTwilio();
    await bot.deliver(wish("help"));
    expect(bot.events).toEqual([]);
    await bot.deliver(signed(fixture("whatsapp", { Body: "help" })));
    expect(bot.events).toHaveLength(1);
    await using open = await startTwilio({ passHelp: true });
    await open.deliver(wish("INFO"));
    expect(open.events).toHaveLength(1);
  });

  test("a wish that cannot be stored is asked for again", async () => {
    await using bot = await startTwilio();
    const failing = twilio({ accountSid, authToken: token, from: ours });
    const store = { ...bot.host.store, set: () => Promise.reject(new HobnobError("STORAGE_FULL", "full")) };
    await failing.start({ ...bot.host, store });
    expect((await failing.webhook!(wish("STOP"))).status).toBe(503);
  });
});

describe("what became of a message", () => {
  const status = (MessageStatus: string, more = {}) =>
    signed(fixture("status-undelivered", { MessageStatus, ...more }), { url: "https://bot.example.com/twilio/status" });
  const complaints = (bot: { readonly lines: readonly { readonly sentence: string }[] }) =>
    bot.lines.filter(({ sentence }) => sentence === "a message was not delivered");

  test("a failure is logged once, with what it means and without the number", async () => {
    await using bot = await startTwilio();
    for (const each of [status("undelivered"), status("undelivered"), status("sent"), status("failed")]) {
      expect(await bot.deliver(each)).toMatchObject({ status: 200, body: EMPTY });
    }
    expect(complaints(bot)).toMatchObject([
      { level: "warn", fields: { code: 30003, to: "…1111", remedy: "The phone is off or out of reach." } },
    ]);
    expect(JSON.stringify(bot.lines)).not.toContain("6505551111");
    expect(bot.ignored()).toBe(4);
    expect(bot.events).toEqual([]);
  });

  test("it never goes back, in whatever order it comes", async () => {
    await using bot = await startTwilio();
    await Promise.all(["sent", "delivered", "queued", "sending"].map((each) => bot.deliver(status(each))));
    const key = "status:SM3123456789abcdef0123456789abcdef";
    expect(await bot.host.store.get(key)).toBe("delivered");
    await bot.deliver(status("read"));
    await bot.deliver(status("something new"));
    expect(await bot.host.store.get(key)).toBe("read");
  });

  test("an opt-out that only the carrier knew of is remembered", async () => {
    await using bot = await startTwilio();
    await bot.deliver(status("failed", { ErrorCode: "21610" }));
    expect(await failure(bot.adapter.send(to, reply()))).toMatchObject({ permanent: true });
  });

  test("it is signed like everything else", async () => {
    await using bot = await startTwilio();
    expect((await bot.deliver({ ...status("sent"), headers: {} })).status).toBe(403);
    expect((await bot.deliver(signed(fixture("status-undelivered"), { key: "x" }))).status).toBe(403);
  });
});

test("neither texts, numbers nor secrets are logged", async () => {
  await using bot = await startTwilio();
  await bot.deliver(signed(fixture("sms")));
  await bot.deliver(signed(fixture("sms", { Body: "STOP" })));
  await bot.deliver(signed(fixture("sms"), { key: "x" }));
  const logged = JSON.stringify(bot.lines);
  for (const secret of ["thanks", "6505551111", token]) expect(logged).not.toContain(secret);
});

test("a request for a file that does not exist finds nothing", async () => {
  await using bot = await startAdapter(twilio({ accountSid, authToken: token, from: ours }));
  const ask = (query: string, method = "GET") => bot.deliver(request({ method, path: "/twilio/media", query }));
  for (const query of ["", "file=abc", "file=a&file=b"]) expect((await ask(query)).status).toBe(404);
  expect((await ask("file=abc", "POST")).status).toBe(405);
});
