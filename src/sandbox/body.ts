/** The arguments of a call: those of the query, and of a body in JSON or as a form. Undefined when the body is broken. */
export async function readArguments(request: Request): Promise<Readonly<Record<string, unknown>> | undefined> {
  const query = Object.fromEntries(new URL(request.url).searchParams);
  const type = request.headers.get("content-type") ?? "";
  if (type.startsWith("multipart/form-data")) return { ...query, ...Object.fromEntries(await request.formData()) };
  const body = await request.text();
  if (!type.startsWith("application/json")) return { ...query, ...Object.fromEntries(new URLSearchParams(body)) };
  try {
    const value: unknown = body === "" ? {} : JSON.parse(body);
    return typeof value === "object" && value !== null ? { ...query, ...value } : undefined;
  } catch {
    return undefined;
  }
}
