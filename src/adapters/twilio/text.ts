import { type Dialect, PLAIN, renderPlain } from "../shared/plain.ts";

// SMS has no formatting. A dash is in its alphabet (GSM-7): one character outside of it makes a message more than twice as long.
const SMS: Dialect = { ...PLAIN, bullet: "-" };
// https://faq.whatsapp.com/539178204879377
const WHATSAPP: Dialect = { bold: "*", italic: "_", strike: "~", bullet: "-", keepsTicks: true };

export function isWhatsApp(address: string): boolean {
  return address.startsWith("whatsapp:");
}

/** A Markdown text as the phone of this address shows it. */
export function renderText(markdown: string, address: string): string {
  return renderPlain(clean(markdown), isWhatsApp(address) ? WHATSAPP : SMS);
}

/** Without characters that no phone shows and XML cannot hold. */
export function clean(text: string): string {
  return text.toWellFormed().replace(/(?![\t\n\r])\p{Cc}|[\ufffe\uffff]/gu, "");
}
