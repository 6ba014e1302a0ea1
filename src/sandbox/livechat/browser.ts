const TIMEOUT = 15_000;

/**
 * Walks through an installation as somebody with a browser does: begins at the bot, says yes on the consent page, comes
 * back. Resolves with what the last page says.
 */
export async function installInBrowser(
  begin: string,
  organization: string,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string }> {
  const cookies = new Map<string, string>();

  async function open(url: string): Promise<Response> {
    const header = Array.from(cookies, ([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, {
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
      headers: { accept: "text/html", ...(header !== "" && { cookie: header }) },
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [name = "", value = ""] = cookie.split(";", 1)[0]!.split("=", 2);
      cookies.set(name, value);
    }
    return response;
  }

  const start = await open(begin);
  const consentPage = start.headers.get("location");
  if (consentPage === null) return readPage(start);
  const page = await open(consentPage);
  const text = await page.text();
  const links = [...text.matchAll(/<a href="([^"]+)"/g)].map(([, href]) => unescapeHtml(href!));
  const yes = links.find((link) => new URL(link).searchParams.get("organization") === organization);
  if (yes === undefined) return { status: page.status, text: plain(text) };
  const consent = await open(yes);
  const back = consent.headers.get("location");
  return readPage(back === null ? consent : await open(back));
}

async function readPage(response: Response): Promise<{ readonly status: number; readonly text: string }> {
  return { status: response.status, text: plain(await response.text()) };
}

/** The words of a page. */
function plain(html: string): string {
  const body = html.replace(/<(style|title)>[\s\S]*?<\/\1>/g, "").replace(/<[^>]*>/g, " ");
  return unescapeHtml(body).replace(/\s+/g, " ").trim();
}

function unescapeHtml(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}
