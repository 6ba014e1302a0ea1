import { expect, test } from "vitest";
import { LONGEST_TEXT, measureText, renderReply } from "../../../src/adapters/livechat/render.ts";
import type { Button, OutgoingReply } from "../../../src/core/index.ts";

function reply(parts: Partial<OutgoingReply>): OutgoingReply {
  return { ref: "ref", text: "", attachments: [], buttons: [], visibility: "everyone", since: 0, ...parts };
}
const toAll = { files: [], visibility: "all" } as const;

test("a text is measured in bytes, as it is sent", () => {
  expect(measureText("**żółw** 🍕")).toBe(Buffer.byteLength("żółw 🍕"));
});

test("a text is one message that carries the ref", () => {
  expect(renderReply(reply({ text: "Hi **Ada**" }), toAll)).toEqual([
    { type: "message", text: "Hi Ada", visibility: "all", custom_id: "ref" },
  ]);
});

test("a few buttons are quick replies under the text", () => {
  const buttons: Button[] = [
    { id: "yes", label: "Yes", value: "y" },
    { id: "menu", label: "Menu", url: "https://example.com/menu" },
  ];
  expect(renderReply(reply({ text: "Pizza?", buttons }), toAll)).toEqual([
    {
      type: "rich_message",
      template_id: "quick_replies",
      elements: [
        {
          title: "Pizza?",
          buttons: [
            { type: "message", text: "Yes", value: "y", postback_id: "yes", user_ids: [] },
            { type: "url", text: "Menu", value: "https://example.com/menu", postback_id: "menu", user_ids: [] },
          ],
        },
      ],
      visibility: "all",
      custom_id: "ref",
    },
  ]);
  const long = renderReply(reply({ text: "x".repeat(300), buttons }), toAll);
  expect(long.map(({ type, custom_id }) => [type, custom_id])).toEqual([
    ["message", "ref#0"],
    ["rich_message", "ref"],
  ]);
});

test("more buttons than a card holds, and buttons for the staff, are told as text", () => {
  const buttons = Array.from({ length: 14 }, (_, index) => ({ id: `b${index}`, label: `Button ${index}` }));
  const [many] = renderReply(reply({ text: "Choose", buttons }), toAll);
  expect(many).toMatchObject({ type: "message", text: expect.stringMatching(/^Choose\nButton 0\n.*Button 13$/s) });
  const [whisper] = renderReply(reply({ text: "Choose", buttons: buttons.slice(0, 1) }), {
    files: [],
    visibility: "agents",
  });
  expect(whisper).toMatchObject({ type: "message", text: "Choose\nButton 0", visibility: "agents" });
});

test("linked files stand under the text, unless it is full", () => {
  const attachments = [{ name: "menu", mimeType: "text/html", url: "https://example.com/menu" }];
  expect(renderReply(reply({ text: "Look", attachments }), toAll)).toMatchObject([
    { text: "Look\nmenu: https://example.com/menu" },
  ]);
  const full = renderReply(reply({ text: "x".repeat(LONGEST_TEXT), attachments }), toAll);
  expect(full).toMatchObject([{ custom_id: "ref#0" }, { text: "menu: https://example.com/menu", custom_id: "ref" }]);
});

test("uploaded files come before the text; content of LiveChat's own kind takes its place", () => {
  const files = [{ url: "https://cdn/p.png", name: "p.png", altText: "a pizza" }];
  expect(renderReply(reply({ text: "Look" }), { files, visibility: "all" })).toMatchObject([
    { type: "file", url: "https://cdn/p.png", alternative_text: "a pizza", custom_id: "ref#0" },
    { type: "message", custom_id: "ref" },
  ]);
  const native = { template_id: "cards", elements: [{ title: "Margherita" }] };
  expect(renderReply(reply({ text: "Look", native }), toAll)).toEqual([
    { type: "rich_message", ...native, visibility: "all", custom_id: "ref" },
  ]);
});
