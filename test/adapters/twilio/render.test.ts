import { expect, test } from "vitest";
import { clean, renderText } from "../../../src/adapters/twilio/render.ts";

test("a text is plain on a phone, formatted in WhatsApp, and in the alphabet of SMS on both", () => {
  const markdown = "# Menu\n* **Calzone**, *hot* and ~~small~~ `now`";
  expect(renderText(markdown, "+16505551111")).toBe("Menu\n- Calzone, hot and small now");
  expect(renderText(markdown, "whatsapp:+16505551111")).toBe("*Menu*\n- *Calzone*, _hot_ and ~small~ `now`");
});

test("what no phone shows is dropped, emoji and line breaks stay", () => {
  expect(clean("a\u0000b\u0007\tc\r\nd\u001b[0m \ud800 👩‍👩‍👧 \uffff")).toBe("ab\tc\r\nd[0m � 👩‍👩‍👧 ");
});
