/** One message of a TwiML answer. */
export interface Said {
  readonly body: string;
  readonly media: readonly string[];
}

/** What a bot says in the answer to a webhook. Undefined when it is nothing that Twilio takes. https://www.twilio.com/docs/messaging/twiml */
export function readAnswer(body: string, contentType: string): readonly Said[] | undefined {
  const type = contentType.split(";")[0]!.trim().toLowerCase();
  if (type === "text/plain") return body.trim() === "" ? [] : [{ body, media: [] }];
  if (type !== "text/xml" && type !== "application/xml") return body === "" ? [] : undefined;
  const xml = body.replace(/<!--.*?-->/gs, "").trim();
  const response = /^(?:<\?xml[^>]*\?>)?\s*<Response\s*(?:\/>|>(?<inside>.*)<\/Response>)$/s.exec(xml);
  if (response === null || hasControls(xml)) return undefined;
  const messages = response.groups?.inside?.matchAll(/<Message(?:\s[^>]*)?>(.*?)<\/Message>/gs) ?? [];
  return Array.from(messages, ([, inside = ""]) => {
    const bodies = Array.from(inside.matchAll(/<Body>(.*?)<\/Body>/gs), (match) => match[1]!);
    const media = Array.from(inside.matchAll(/<Media>(.*?)<\/Media>/gs), (match) => decode(match[1]!.trim()));
    return { body: decode(bodies.length > 0 ? bodies.join("") : inside), media };
  });
}

// What XML 1.0 cannot hold makes the whole document invalid.
function hasControls(xml: string): boolean {
  return /(?![\t\n\r])[\p{Cc}\ufffe\uffff]/u.test(xml);
}

const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decode(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return NAMED[name] ?? whole;
    return String.fromCodePoint(decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal));
  });
}
