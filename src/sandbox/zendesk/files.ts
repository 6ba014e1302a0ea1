import { bytesOf, type StoredFile as KeptFile, serveFile } from "../files.ts";
import type { SaidFile } from "../simulator.ts";
import { freshSecret } from "./ids.ts";

export interface StoredFile extends KeptFile {
  readonly id: number;
  /** The part of its address that nobody can guess. */
  readonly key: string;
}

/** The files of comments, and those uploaded for comments to come. */
export type Files = ReturnType<typeof createFiles>;

const UPLOAD_LIFE = 3_600_000;

export function createFiles(row: () => number) {
  let files = new Map<string, StoredFile>();
  let uploads = new Map<string, { readonly files: StoredFile[]; readonly until: number }>();

  function store(file: KeptFile): StoredFile {
    const stored = { ...file, id: row(), key: freshSecret() };
    files.set(stored.key, stored);
    return stored;
  }

  const live = (token: string) => {
    const upload = uploads.get(token);
    return upload && upload.until > Date.now() ? upload : undefined;
  };

  return {
    /** Keeps a file for a comment to come; with a token, beside those that it stands for. Undefined: no such token. */
    upload(file: KeptFile, token?: string) {
      const upload = token === undefined ? { files: [], until: Date.now() + UPLOAD_LIFE } : live(token);
      if (upload === undefined) return undefined;
      const stored = store(file);
      upload.files.push(stored);
      const key = token ?? freshSecret();
      uploads.set(key, upload);
      return { token: key, stored, files: upload.files };
    },
    peek: (token: string): readonly StoredFile[] | undefined => live(token)?.files,
    /** @returns false when there is no such token */
    forget: (token: string) => uploads.delete(token),
    byId: (id: number) => [...files.values()].find((file) => file.id === id),
    /** A file that somebody attaches. */
    attach: (file: SaidFile) => store({ name: file.name, mimeType: file.mimeType, data: bytesOf(file) }),
    download(key: string): Response | undefined {
      const file = files.get(key);
      return file && serveFile(file);
    },
    reset(): void {
      files = new Map();
      uploads = new Map();
    },
  };
}
