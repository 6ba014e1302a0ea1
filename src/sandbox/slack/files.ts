import { randomBytes } from "node:crypto";
import { bytesOf, serveFile } from "../files.ts";
import type { SaidFile } from "../simulator.ts";
import { freshId } from "./ids.ts";
import { channelOf, fail, type Methods } from "./method.ts";
import { wireFile } from "./wire.ts";
import type { App, StoredFile, Workspace } from "./workspace.ts";

interface Upload {
  readonly id: string;
  readonly name: string;
  readonly length: number;
  readonly altText: string | undefined;
  readonly app: App;
  data: Uint8Array | undefined;
}

/** Files: the two-step upload, what people attach, and downloads. https://docs.slack.dev/messaging/working-with-files */
export interface Files {
  readonly methods: Methods;
  /** A file a person attaches. */
  attach(file: SaidFile, user: string): StoredFile;
  /** The bytes of an announced upload. */
  upload(id: string, request: Request): Promise<Response>;
  download(id: string, request: Request): Response;
  reset(): void;
}

const SIGN_IN = "<!DOCTYPE html><html><title>Sign in | Slack</title><h1>Sign in to Hobnob Sandbox</h1></html>";

export function createFiles(workspace: Workspace): Files {
  const uploads = new Map<string, Upload>();

  function store(file: Omit<StoredFile, "key">): StoredFile {
    const stored = { ...file, key: randomBytes(9).toString("base64url") };
    workspace.addFile(stored);
    return stored;
  }

  return {
    methods: {
      "files.getUploadURLExternal": ({ args, app, url }) => {
        const name = args.text("filename");
        const length = args.number("length");
        if (name === undefined || length === undefined || !(length > 0)) return fail("invalid_arguments");
        const id = freshId("F");
        uploads.set(id, { id, name, length, altText: args.text("alt_txt"), app, data: undefined });
        return { upload_url: `${url}/upload/${id}`, file_id: id };
      },

      "files.completeUploadExternal": (call) => {
        const { args, app, actions, url } = call;
        const asked = args.json("files");
        if (!Array.isArray(asked) || asked.length === 0) return fail("invalid_arguments");
        const named = args.text("channel_id") ?? args.text("channels");
        const channel =
          named === undefined ? undefined : channelOf(call, args.text("channel_id") ? "channel_id" : "channels");
        const files = asked.map((each: { id?: string; title?: string }) => {
          const upload = uploads.get(each.id ?? "");
          if (!upload?.data || upload.app.name !== app.name) return fail("file_not_found");
          const { id, name, altText, data } = upload;
          const mimeType = mimeTypeOf(name);
          return { id, name, mimeType, data, altText, user: app.user.id };
        });
        const stored = files.map(store);
        for (const { id } of stored) uploads.delete(id);
        if (channel) {
          const threadTs = args.text("thread_ts");
          actions.post(channel, { user: app.user, text: args.text("initial_comment") ?? "", threadTs, files: stored });
        }
        return { files: stored.map((file) => wireFile(file, url)) };
      },

      "files.info": ({ args, workspace: { file }, url }) => {
        const found = file(args.text("file") ?? "");
        return found ? { file: wireFile(found, url) } : fail("file_not_found");
      },
    },

    attach(file, user) {
      const { name, mimeType, altText } = file;
      return store({ id: freshId("F"), name, mimeType, data: bytesOf(file), user, altText });
    },

    async upload(id, request) {
      const upload = uploads.get(id);
      if (!upload) return new Response("no such upload", { status: 404 });
      const data = await uploadedBytes(request);
      if (data.byteLength !== upload.length) return new Response("length does not fit", { status: 400 });
      upload.data = data;
      return new Response(`OK - ${data.byteLength}`);
    },

    download(id, request) {
      const file = workspace.file(id);
      const token = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
      const key = new URL(request.url).searchParams.get("key");
      if (!file) return new Response("not found", { status: 404 });
      // Slack answers with its sign-in page, as a browser would want it.
      const mayRead = key === file.key || workspace.appByToken(token ?? "")?.scopes.includes("files:read");
      if (!mayRead) return new Response(SIGN_IN, { headers: { "content-type": "text/html; charset=utf-8" } });
      return serveFile(file);
    },

    reset: () => uploads.clear(),
  };
}

async function uploadedBytes(request: Request): Promise<Uint8Array> {
  if (request.headers.get("content-type")?.startsWith("multipart/form-data")) {
    for (const value of (await request.formData()).values()) {
      if (typeof value !== "string") return new Uint8Array(await value.arrayBuffer());
    }
    return new Uint8Array();
  }
  return new Uint8Array(await request.arrayBuffer());
}

const MIME_TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  pdf: "application/pdf",
  txt: "text/plain",
  csv: "text/csv",
  json: "application/json",
};

function mimeTypeOf(name: string): string {
  return MIME_TYPES[name.split(".").at(-1)?.toLowerCase() ?? ""] ?? "application/octet-stream";
}
