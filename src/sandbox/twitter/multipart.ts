/** The fields of a multipart body as bytes. The platform's own reader takes a field without a file's name for text. */
export function readMultipart(body: Buffer, contentType: string): ReadonlyMap<string, Buffer> {
  const fields = new Map<string, Buffer>();
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (boundary === undefined) return fields;
  const mark = Buffer.from(`--${boundary}`);
  let at = body.indexOf(mark);
  while (at >= 0) {
    const next = body.indexOf(mark, at + mark.length);
    if (next < 0) break;
    // A line break behind the mark, and one before the next.
    const part = body.subarray(at + mark.length + 2, next - 2);
    const end = part.indexOf("\r\n\r\n");
    const name = /name="([^"]*)"/i.exec(part.subarray(0, Math.max(end, 0)).toString())?.[1];
    if (name !== undefined) fields.set(name, part.subarray(end + 4));
    at = next;
  }
  return fields;
}
