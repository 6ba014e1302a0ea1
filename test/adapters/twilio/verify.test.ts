import { describe, expect, test } from "vitest";
import { createVerifier, signature } from "../../../src/adapters/twilio/verify.ts";
import { request } from "../stage.ts";

const FORM = "application/x-www-form-urlencoded";
const url = "https://mycompany.com/myapp.php";
const query = "foo=1&bar=2";
const call = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";
const callSignature = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";

function post(body: string, given: unknown, more: { query?: string; type?: string } = {}) {
  const headers = { "content-type": more.type ?? FORM, "x-twilio-signature": given as string };
  return request({ path: "/myapp.php", query: more.query ?? query, headers, body });
}

test("a form is signed over the URL and its sorted fields", () => {
  expect(createVerifier(url, ["12345"])(post(call, callSignature))).toMatchObject({
    Digits: "1234",
    To: "+18005551212",
  });
});

test("of a field that comes twice each value is signed once", () => {
  const body = "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234";
  const fields = createVerifier(url, ["12345"])(post(body, "IK+Dwps556ElfBT0I3Rgjkr1wJU="));
  expect(fields).toMatchObject({ Sid: "CA123", Digits: ["5678", "1234", "1234"] });
});

test("empty fields and other alphabets are signed as they are", () => {
  const sid = "SM0123456789abcdef0123456789abcdef";
  const form = {
    ToCountry: "US",
    ToState: "CA",
    SmsMessageSid: sid,
    SmsSid: sid,
    MessageSid: sid,
    NumMedia: "0",
    ToCity: "SAN BRUNO",
    FromZip: "",
    FromState: "CA",
    SmsStatus: "received",
    FromCity: "",
    Body: "Olá & thanks + more",
    FromCountry: "US",
    To: "+16505552222",
    ToZip: "94030",
    NumSegments: "1",
    AccountSid: "AC0123456789abcdef0123456789abcdef",
    From: "+16505551111",
    ApiVersion: "2010-04-01",
  };
  expect(signature("12345", "https://bot.example.com/twilio/sms", form)).toBe("KqPfd95+f9KU6qIzdm3ETuXJ5JA=");
});

describe("JSON", () => {
  const body = '{"property": "value", "boolean": true}';
  const hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
  const given = "a9nBmqA0ju/hNViExpshrM61xv4=";
  const json = { query: `${query}&bodySHA256=${hash}`, type: "application/json" };
  const verify = createVerifier(url, ["12345"]);

  test("is signed by its hash in the query", () => {
    expect(verify(post(body, given, json))).toEqual({ property: "value", boolean: true });
  });

  test("is refused when the body is another, or its hash is missing", () => {
    expect(verify(post(`${body} `, given, json))).toBeUndefined();
    const unhashed = signature("12345", `${url}?${query}`, {});
    expect(verify(post(body, unhashed, { type: "application/json" }))).toBeUndefined();
  });

  test("a body of another type is malformed although it is signed", () => {
    expect(() => verify(post(body, given, { ...json, type: "text/plain" }))).toThrow("neither a form nor JSON");
  });
});

test("a GET is signed over the URL alone", () => {
  const given = signature("12345", `${url}?${query}`, {});
  const get = request({ method: "GET", path: "/myapp.php", query, headers: { "x-twilio-signature": given } });
  expect(createVerifier(url, ["12345"])(get)).toMatchObject({ foo: "1", bar: "2" });
});

test.each([
  "https://mycompany.com:443/myapp.php",
  "https://mycompany.com/myapp.php#rc=2&rp=all",
  "https://mycompany.com:8443/myapp.php",
  "https://user:pass@mycompany.com/myapp.php",
])("the same signature fits %s in the settings", (configured) => {
  expect(createVerifier(configured, ["12345"])(post(call, callSignature))).toBeDefined();
});

test.each([
  ["a default port", "https://mycompany.com:443/myapp.php?foo=1&bar=2", url],
  ["another port", "https://mycompany.com:8443/myapp.php?foo=1&bar=2", "https://mycompany.com:8443/myapp.php"],
  ["a password", "https://user:pass@mycompany.com/myapp.php?foo=1&bar=2", "https://user:pass@mycompany.com/myapp.php"],
  ["the port of plain http", "http://mycompany.com:80/myapp.php?foo=1&bar=2", "http://mycompany.com/myapp.php"],
])("a signature over a URL with %s fits too", (_, signedUrl, configured) => {
  const given = signature("12345", signedUrl, { Digits: "1234" });
  expect(createVerifier(configured, ["12345"])(post("Digits=1234", given))).toBeDefined();
});

test("a query that Twilio has encoded anew fits too", () => {
  const given = signature("12345", `${url}?name=a%20b`, { Digits: "1" });
  expect(createVerifier(url, ["12345"])(post("Digits=1", given, { query: "name=a+b" }))).toBeDefined();
});

test("while the token is rotated both are taken", () => {
  const verify = createVerifier(url, ["new", "12345"]);
  expect(verify(post(call, callSignature))).toBeDefined();
  expect(verify(post("A=1", signature("new", `${url}?${query}`, { A: "1" })))).toBeDefined();
});

test.each<[string, unknown]>([
  ["none", undefined],
  ["an empty one", ""],
  ["two", [callSignature, callSignature]],
  ["another token's", signature("54321", `${url}?${query}`, { CallSid: "CA1" })],
  ["one of another length", `${callSignature}=`],
])("a signature is refused: %s", (_, given) => {
  expect(createVerifier(url, ["12345"])(post(call, given))).toBeUndefined();
});

test("one changed byte of body, query or address is refused", () => {
  const verify = createVerifier(url, ["12345"]);
  expect(verify(post(call.replace("1234&", "1235&"), callSignature))).toBeUndefined();
  expect(verify(post(call, callSignature, { query: "foo=1&bar=3" }))).toBeUndefined();
  expect(createVerifier("https://other.com/myapp.php", ["12345"])(post(call, callSignature))).toBeUndefined();
});
