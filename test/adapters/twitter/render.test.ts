import { describe, expect, test } from "vitest";
import { renderPlain } from "../../../src/adapters/twitter/plain.ts";
import { renderParts } from "../../../src/adapters/twitter/render.ts";
import { direct, reply } from "./started.ts";

describe("Markdown becomes plain text", () => {
  test.each([
    ["plain", "plain"],
    [
      "**bold**, *slanted*, __bold__, _slanted_, ***both*** and ~~gone~~",
      "bold, slanted, bold, slanted, both and gone",
    ],
    ["**bold *and* slanted**", "bold and slanted"],
    ["`a * b` and ``a ` b``", "a * b and a ` b"],
    ["# Title #\n## C#", "Title\nC#"],
    ["- one\n* two\n  + three\n1. four", "• one\n• two\n  • three\n1. four"],
    ["> quoted **so**", "> quoted so"],
    ["---\n***", "---\n***"],
    ["[the **docs**](https://x.dev/a_b_c)", "the docs (https://x.dev/a_b_c)"],
    [
      "[https://x.dev](https://x.dev) [x.dev](https://x.dev) ![](https://x.dev/a.png)",
      "https://x.dev https://x.dev https://x.dev/a.png",
    ],
    ["<https://x.dev/?a=1&b=2> [me](mailto:a@x.dev)", "https://x.dev/?a=1&b=2 me (a@x.dev)"],
    ["https://x.dev/a_b_c*d* stays", "https://x.dev/a_b_c*d* stays"],
    ["```js\nlet *x* = 1;\n```\nafter *it*", "let *x* = 1;\nafter it"],
    ["~~~\n```\n~~~", "```"],
    ["```open\nrest *of* it", "```open\nrest *of* it"],
    ["a ****b and ~~~~", "a ****b and ~~~~"],
    ["2 * 3 * 4, snake_case_name, 5 < 6 & 7", "2 * 3 * 4, snake_case_name, 5 < 6 & 7"],
    ["\\*not\\* slanted", "*not* slanted"],
    ["**open, *half `tick [link](there", "**open, *half `tick [link](there"],
  ])("%j is %j", (markdown, plain) => {
    expect(renderPlain(markdown)).toBe(plain);
  });

  // A text of marks that took quadratic time would not end before the test's own time-out.
  test("of as many open marks as there may be", () => {
    for (const mark of ["*", "**a ", "_", "[", "[a](", "<", "\\", "~~", "# "]) {
      expect(renderPlain(mark.repeat(20_000))).not.toBe("");
    }
  });
});

describe("a reply becomes posts", () => {
  const to = { adapter: "twitter", account: "1", id: "2", thread: "3", isDirect: false };
  const image = { name: "a.png", mimeType: "image/png", data: Buffer.from("a") };
  const gif = { name: "a.gif", mimeType: "image/gif", data: Buffer.from("a") };
  const kinds = (parts: ReturnType<typeof renderParts>) =>
    parts.map(({ text, uploads }) => [text, ...uploads.map(({ kind }) => kind)]);

  test("one, nearly always", () => {
    expect(renderParts(to, reply())).toEqual([{ text: "Hi Ada", uploads: [] }]);
  });

  test("whose pictures go together, and whose GIFs go alone", () => {
    const parts = renderParts(to, reply({ attachments: [image, image, gif, image] }));
    expect(kinds(parts)).toEqual([
      ["Hi Ada", "image", "image"],
      ["", "gif"],
      ["", "image"],
    ]);
  });

  test("with one file each in a direct conversation", () => {
    const parts = renderParts(direct("2"), reply({ text: "", attachments: [image, image] }));
    expect(kinds(parts)).toEqual([
      ["", "image"],
      ["", "image"],
    ]);
  });

  test("that leave out neither an empty file nor one of an unknown kind", () => {
    const files = [
      { ...image, data: Buffer.alloc(0) },
      { ...image, name: "b.zip", mimeType: "application/zip" },
    ];
    expect(kinds(renderParts(to, reply({ attachments: files })))).toEqual([["Hi Ada\na.png\nb.zip"]]);
  });
});
