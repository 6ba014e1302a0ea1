import { bytesOf, type StoredFile, serveFile } from "../files.ts";
import type { SaidFile } from "../simulator.ts";
import { freshSecret } from "./ids.ts";
import { fail } from "./method.ts";

/** The files of all chats, under addresses that nobody can guess. */
export type Files = ReturnType<typeof createFiles>;

const LARGEST = 10_000_000;

export function createFiles(url: () => string) {
  let files = new Map<string, StoredFile>();

  function store(file: StoredFile): string {
    const id = freshSecret("");
    files.set(id, file);
    return `${url()}/files/${id}/${encodeURIComponent(file.name)}`;
  }

  return {
    /** Answers `upload_file`. @throws HobnobError with LiveChat's error type as its code */
    async upload(file: unknown): Promise<{ readonly url: string }> {
      if (!(file instanceof File)) return fail("validation", "`file` is required");
      if (file.size > LARGEST) return fail("entity_too_large", "The file is too large");
      return { url: store({ name: file.name, mimeType: file.type, data: new Uint8Array(await file.arrayBuffer()) }) };
    },
    /** What LiveChat knows of an uploaded file. */
    describe(address: unknown): Record<string, unknown> {
      const file = files.get(/\/files\/([^/]+)\//.exec(String(address))?.[1] ?? "");
      return file ? { name: file.name, content_type: file.mimeType, size: file.data.byteLength } : {};
    },
    /** A file that somebody attaches, as an event. */
    attach(file: SaidFile) {
      const { name, mimeType, altText } = file;
      const data = bytesOf(file);
      return {
        type: "file",
        name,
        url: store({ name, mimeType, data }),
        content_type: mimeType,
        size: data.byteLength,
        ...(altText !== undefined && { alternative_text: altText }),
      };
    },
    download(id: string): Response | undefined {
      const file = files.get(id);
      return file && serveFile(file);
    },
    reset(): void {
      files = new Map();
    },
  };
}
