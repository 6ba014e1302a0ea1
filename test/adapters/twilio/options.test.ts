import { expect, test } from "vitest";
import { twilio } from "../../../src/adapters/twilio/index.ts";

test("an empty text is a credential that is not set", () => {
  expect(twilio({ accountSid: "", authToken: "", from: "" }).missing).toEqual([
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "TWILIO_FROM",
  ]);
  expect(twilio({ name: "alerts", accountSid: "AC1", authToken: ["a", "b"] }).missing).toEqual(["ALERTS_FROM"]);
});

test("the sandbox's credentials take the place of all others", () => {
  const adapter = twilio({ apiKey: "SK1", apiSecret: "s" });
  adapter.sandbox!({ accountSid: "AC1", authToken: "t", from: "+1650", apiUrl: "http://127.0.0.1:1/api" });
  expect(adapter.missing).toEqual([]);
});

test("the webhooks stand below one path", () => {
  expect(twilio().paths).toEqual(["/twilio/sms", "/twilio/status", "/twilio/media"]);
  expect(twilio({ path: "/alerts/" }).paths).toEqual(["/alerts/sms", "/alerts/status", "/alerts/media"]);
});

test("it does not start without credentials", async () => {
  await expect(twilio({ accountSid: "AC1" }).start({} as never)).rejects.toMatchObject({
    code: "CONFIG_MISSING_CREDENTIAL",
    message: expect.stringContaining("TWILIO_AUTH_TOKEN and TWILIO_FROM"),
  });
});

test.each<[string, object, RegExp]>([
  ["an unknown option", { acountSid: "AC1" }, /no option `acountSid`.*accountSid/],
  ["a token that is a number", { authToken: 1 }, /`authToken`/],
  ["a list with a number", { authToken: ["a", 1] }, /`authToken`.*list of texts/],
  ["a URL that is none", { url: "secret.example.com" }, /`url`.*https:/],
  ["a passHelp that is a text", { passHelp: "yes" }, /`passHelp`/],
  ["a pace that is none", { pace: { burst: 0, perSecond: 1 } }, /`pace`/],
])("%s is said to be one", (_, options, message) => {
  expect(() => twilio(options)).toThrow(message);
  expect(() => twilio(options)).not.toThrow(/secret\.example/);
});
