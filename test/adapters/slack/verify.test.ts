import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { createSigner, createVerifier, signByHash, signByHmac } from "../../../src/adapters/slack/verify.ts";
import { createRandom } from "./fixture.ts";

const secret = "8f742231b10e8888abcd99yyyzzz85a5";
const published = {
  timestamp: "1531420618",
  body: "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
  signature: "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
};
const accented = {
  timestamp: "1800000000",
  body: '{"type":"event_callback","event":{"type":"message","channel":"C1","user":"U1","text":"hé","ts":"1.2"}}',
  signature: "v0=ce87dfbe3b0d3a80d40a59706e81f3292dfb1e78e922b19b3dc150b8b3f0ad9c",
};

function request(given: { readonly body: string; readonly timestamp?: unknown; readonly signature?: unknown }) {
  const headers = { "x-slack-signature": given.signature, "x-slack-request-timestamp": given.timestamp };
  return { method: "POST", path: "/slack/events", query: "", headers, body: Buffer.from(given.body) } as never;
}

const verifyAt = (seconds: number) => createVerifier(secret, () => seconds * 1000);

test.each([published, accented])("a request that Slack signed is believed", (vector) => {
  expect(verifyAt(Number(vector.timestamp))(request(vector))).toBeUndefined();
});

test.each([
  ["300 s old", 300, true],
  ["300 s ahead", -300, true],
  ["301 s old", 301, false],
  ["301 s ahead", -301, false],
])("a signature %s", (_, away, believed) => {
  expect(verifyAt(Number(published.timestamp) + away)(request(published)) === undefined).toBe(believed);
});

test.each([
  ["a v1 signature", { signature: published.signature.replace("v0=", "v1=") }],
  ["no signature", { signature: undefined }],
  ["two signatures", { signature: [published.signature, published.signature] }],
  ["an empty signature", { signature: "" }],
  ["half a signature", { signature: published.signature.slice(0, 40) }],
  ["another signature", { signature: `v0=${"0".repeat(64)}` }],
  ["no timestamp", { timestamp: undefined }],
  ["two timestamps", { timestamp: [published.timestamp, published.timestamp] }],
  ["a timestamp with a fraction", { timestamp: `${published.timestamp}.0` }],
  ["a timestamp with a blank", { timestamp: ` ${published.timestamp}` }],
  ["a timestamp in another writing", { timestamp: "0x5b4799ca" }],
  ["another body", { body: published.body.replace("foobar", "foobaz") }],
])("%s is refused without an exception", (_, change) => {
  expect(verifyAt(Number(published.timestamp))(request({ ...published, ...change }))).toEqual(expect.any(String));
});

test("a secret of another app is refused", () => {
  const verify = createVerifier("another", () => Number(published.timestamp) * 1000);
  expect(verify(request(published))).toEqual(expect.any(String));
});

test("an empty secret would let everybody in and is refused at once", () => {
  expect(() => createSigner("")).toThrow(RangeError);
});

test("the lean way to sign equals createHmac for every length of body and secret", () => {
  const random = createRandom(7);
  for (const length of [0, 1, 63, 64, 65, 1000, 16_000, 16_384, 100_000]) {
    for (const size of [1, 32, 63, 64, 65, 200]) {
      const key = Array.from({ length: size }, () => String.fromCharCode(33 + random(300))).join("");
      const body = Buffer.from(Array.from({ length }, () => random(256)));
      const expected = createHmac("sha256", key).update("v0:1800000000:").update(body).digest("hex");
      expect(signByHash(key)("1800000000", body)).toBe(expected);
      expect(signByHmac(key)("1800000000", body)).toBe(expected);
    }
  }
});
