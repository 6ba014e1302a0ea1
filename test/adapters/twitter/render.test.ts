import { describe, expect, test } from "vitest";
import { renderParts } from "../../../src/adapters/twitter/render.ts";
import { direct, reply } from "./started.ts";

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
