import { expect, test } from "vitest";
import { renderReply, splitSections } from "../../../src/adapters/slack/render.ts";

const reply = { ref: "r", text: "", attachments: [], buttons: [], visibility: "everyone" as const, since: 0 };

test("sections are short enough and lose no word", () => {
  const text = Array.from({ length: 2000 }, (_, at) => `word${at}`).join(" ");
  const sections = splitSections(text);
  expect(sections.every(({ length }) => length <= 3000)).toBe(true);
  expect(sections.join(" ")).toBe(text);
});

test("a section ends neither inside a link nor inside an entity", () => {
  for (let length = 2970; length < 3010; length++) {
    for (const token of ["<https://x.dev|a label of several words>", "&amp;&lt;&gt;"]) {
      for (const part of splitSections("a".repeat(length) + token + "b".repeat(200))) {
        expect(part).not.toMatch(/<[^>]*$|^[^<]*>|&[a-z]*$|^[a-z]{1,3};/);
      }
    }
  }
});

test("a code block that is cut goes on as a code block", () => {
  const code = Array.from({ length: 500 }, (_, at) => `line ${at}`).join("\n");
  const sections = splitSections(`\`\`\`\n${code}\n\`\`\``);
  expect(sections.length).toBeGreaterThan(1);
  for (const part of sections) {
    expect(part.startsWith("```\n") && part.endsWith("\n```")).toBe(true);
    expect(part.length).toBeLessThanOrEqual(3000);
  }
  expect(sections.map((part) => part.slice(4, -4)).join("\n")).toBe(code);
});

test("buttons without a text are named in the notification", () => {
  const { text, blocks } = renderReply({
    ...reply,
    buttons: [
      { id: "a", label: "Yes & no" },
      { id: "b", label: "x".repeat(80) },
    ],
  });
  expect(text).toContain("Yes &amp; no");
  expect(blocks).toMatchObject([{ type: "actions", elements: [{}, { text: { text: `${"x".repeat(74)}…` } }] }]);
});

test("more than 25 buttons stand in several blocks", () => {
  const buttons = Array.from({ length: 30 }, (_, at) => ({ id: `b${at}`, label: "x" }));
  expect(renderReply({ ...reply, buttons }).blocks?.length).toBe(2);
});
