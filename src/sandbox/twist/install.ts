import type { App } from "./workspace.ts";

const MOST_HOPS = 6;

/** Walks through a bot's installation as a browser does: follows redirects and brings its cookies along. */
export async function walkInstall(
  { webhook }: App,
  /** Answers for addresses of the platform itself. */
  own: (request: Request) => Response | undefined,
): Promise<{ readonly status: number; readonly text: string }> {
  const cookies = new Map<string, string>();
  let url = `${webhook}/install`;
  for (let hop = 0; hop < MOST_HOPS; hop++) {
    const headers = { cookie: Array.from(cookies, ([name, value]) => `${name}=${value}`).join("; ") };
    const request = new Request(url, { headers, redirect: "manual" });
    const answer = own(request) ?? (await fetch(request));
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name, value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (name !== undefined) cookies.set(name, value);
    }
    const location = answer.headers.get("location");
    if (location === null) return { status: answer.status, text: readPage(await answer.text()) };
    url = new URL(location, url).href;
  }
  return { status: 508, text: "Too many redirects." };
}

function readPage(html: string): string {
  return html
    .replace(/<(style|title)[\s\S]*?<\/\1>/g, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}
