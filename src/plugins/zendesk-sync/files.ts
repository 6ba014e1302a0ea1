import { type Attachment, errorMessage, fill, RateLimitError } from "../../core/index.ts";
import type { AnyContext, Desk } from "./desk.ts";
import type { TicketFile } from "./wire.ts";

/** What became of a message's files: upload tokens, and the names of those that stay behind. */
export interface Uploaded {
  readonly tokens: readonly string[];
  readonly tooLarge: readonly string[];
  readonly unread: readonly string[];
}

const TOO_LARGE = "A file is larger than `maxFileBytes` and is not copied.";

/** Brings the files of a message to Zendesk, once. */
export async function uploadFiles(ctx: AnyContext, desk: Desk, files: readonly Attachment[]): Promise<Uploaded> {
  if (files.length === 0) return { tokens: [], tooLarge: [], unread: [] };
  const { maxFileBytes } = desk.options;
  return ctx.once("files", async () => {
    const api = desk.zendesk(ctx.signal);
    const tokens: string[] = [];
    const tooLarge: string[] = [];
    const unread: string[] = [];
    for (const file of files) {
      if ((file.size ?? 0) > maxFileBytes) {
        tooLarge.push(file.name);
        continue;
      }
      const data = await read(ctx, file, maxFileBytes);
      if (data === undefined) unread.push(file.name);
      else if (data.byteLength > maxFileBytes) tooLarge.push(file.name);
      else tokens.push(await api.upload({ name: file.name, mimeType: file.mimeType, data }));
    }
    if (tooLarge.length > 0) ctx.log.warn({ files: tooLarge.length }, TOO_LARGE);
    return { tokens, tooLarge, unread };
  });
}

/** The names of files in a text about them. */
export function withFileNames(text: string, files: readonly Attachment[]): string {
  if (files.length === 0) return text;
  const names = files.map(({ name }) => `[${name}]`).join(" ");
  return text === "" ? names : `${text}\n\n${names}`;
}

/** Tells the person which files the ticket does not have. */
export async function tellOfFiles(ctx: AnyContext, { options }: Desk, { tooLarge, unread }: Uploaded): Promise<void> {
  for (const file of tooLarge) await ctx.reply(fill(options.texts.fileTooLarge, { file }));
  for (const file of unread) await ctx.reply(fill(options.texts.noFile, { file }));
}

/** A comment's files for the conversation; one that cannot be read goes as a link. */
export async function fetchFiles(
  ctx: AnyContext,
  desk: Desk,
  files: readonly TicketFile[],
): Promise<readonly Attachment[]> {
  const api = desk.zendesk(ctx.signal);
  const { maxFileBytes } = desk.options;
  const fetched: Attachment[] = [];
  for (const { name, mimeType, size, url } of files) {
    const file = { name, mimeType, size, url };
    if (size > maxFileBytes) {
      ctx.log.warn({ size }, TOO_LARGE);
      fetched.push(file);
      continue;
    }
    try {
      fetched.push({ ...file, data: await api.download(url, maxFileBytes) });
    } catch (error) {
      ctx.log.warn({}, `A file of a comment could not be read and goes as a link: ${errorMessage(error)}`);
      fetched.push(file);
    }
  }
  return fetched;
}

async function read(ctx: AnyContext, file: Attachment, maxBytes: number): Promise<Uint8Array | undefined> {
  if (file.data !== undefined) return file.data;
  if (ctx.download === undefined || file.url === undefined) return undefined;
  try {
    return await ctx.download(file, { maxBytes });
  } catch (error) {
    if (error instanceof RateLimitError) throw error;
    if (ctx.attempt < 3 && (error as { readonly permanent?: boolean }).permanent !== true) throw error;
    ctx.log.warn({}, `A file of a message could not be read: ${errorMessage(error)}`);
    return undefined;
  }
}
