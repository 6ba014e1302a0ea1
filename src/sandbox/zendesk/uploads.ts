import { type Call, fail, type Methods, notFound } from "./method.ts";
import { wireAttachment } from "./wire.ts";

const LARGEST = 50 * 1024 * 1024;

/** Files for comments. https://developer.zendesk.com/api-reference/ticketing/tickets/ticket-attachments/ */
export const uploadMethods: Methods = {
  async UploadFiles({ request, query, files, url }: Call) {
    const name = query.get("filename") ?? fail(400, "ParameterMissing", "Parameter filename is required");
    if (Number(request.headers.get("content-length") ?? 0) > LARGEST) return tooLarge();
    const data = new Uint8Array(await request.arrayBuffer());
    if (data.byteLength > LARGEST) return tooLarge();
    const mimeType = request.headers.get("content-type") ?? "application/octet-stream";
    const upload = files.upload({ name, mimeType, data }, query.get("token") ?? undefined) ?? notFound();
    const attachment = wireAttachment(upload.stored, url);
    const attachments = upload.files.map((file) => wireAttachment(file, url));
    return Response.json({ upload: { token: upload.token, attachment, attachments } }, { status: 201 });
  },

  DeleteUpload: ({ ids, files }) => (files.forget(ids[0] ?? "") ? new Response(null, { status: 204 }) : notFound()),

  ShowAttachment: ({ ids, files, url }) => ({
    attachment: wireAttachment(files.byId(Number(ids[0])) ?? notFound(), url),
  }),
};

function tooLarge(): never {
  return fail(413, "AttachmentTooLarge", `The file is larger than ${LARGEST} bytes`);
}
