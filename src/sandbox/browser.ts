import { HobnobError } from "../core/index.ts";

/** The page on which a walk ends. */
export interface LastPage {
  readonly status: number;
  /** What a person reads there. */
  readonly text: string;
}

const MOST_STEPS = 10;
const TIMEOUT = 15_000;

/**
 * Installs a bot as a person does: from page to page, with a browser that follows redirects and brings its cookies along.
 * `press` makes of the request for a page on which something is to be pressed what pressing it asks for, or answers itself.
 * @throws HobnobError `SANDBOX_INPUT` for pages that cannot be reached, or that lead round in a circle
 */
export async function walkPages(
  begin: string,
  press: (request: Request) => Request | Response | undefined,
  signal: AbortSignal,
): Promise<LastPage> {
  // All pages with cookies are the bot's: the sandbox has none of its own.
  const cookies = new Map<string, string>();
  let url = begin;
  for (let step = 0; step < MOST_STEPS; step++) {
    const request = new Request(url, {
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
      headers: { accept: "text/html", cookie: Array.from(cookies, ([name, value]) => `${name}=${value}`).join("; ") },
    });
    const pressed = press(request) ?? request;
    const page = pressed instanceof Response ? pressed : await open(pressed);
    for (const cookie of page.headers.getSetCookie()) {
      const [name = "", value = ""] = cookie.split(";", 1)[0]!.split("=", 2);
      cookies.set(name, value);
    }
    const location = page.headers.get("location");
    if (location === null) return { status: page.status, text: readWords(await page.text()) };
    await page.body?.cancel();
    url = new URL(location, url).href;
  }
  throw new HobnobError("SANDBOX_INPUT", `The pages behind ${new URL(begin).pathname} lead round in a circle.`);
}

async function open(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    const { origin, pathname } = new URL(request.url);
    throw new HobnobError("SANDBOX_INPUT", `The bot's page ${origin}${pathname} cannot be reached.`, { cause: error });
  }
}

function readWords(html: string): string {
  return html
    .replace(/<(style|title)[^>]*>.*?<\/\1>/gs, "")
    .replace(/<[^>]+>/g, " ")
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, " ")
    .trim();
}
