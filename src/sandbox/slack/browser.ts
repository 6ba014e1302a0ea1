import type { ConnectedApp } from "../simulator.ts";

const MOST_STEPS = 10;

/**
 * Somebody installs an app, from its install page (`/<name>/install` beside the webhook) to the last one: follows redirects,
 * keeps cookies, and allows what Slack's page asks.
 */
export async function walkInstallation(
  { name, webhook }: ConnectedApp,
  { team, authorizeUrl }: { readonly team: string; readonly authorizeUrl: string },
): Promise<{ readonly status: number; readonly text: string }> {
  const cookies = new Map<string, string>();
  let url = new URL(`/${name}/install`, webhook);
  for (let step = 0; step < MOST_STEPS; step++) {
    const isConsent = url.href.startsWith(`${authorizeUrl}?`);
    const response = await fetch(url, {
      redirect: "manual",
      // The sandbox has no cookies of its own, so all of them are the bot's.
      headers: { cookie: Array.from(cookies, ([key, value]) => `${key}=${value}`).join("; ") },
      ...(isConsent && { method: "POST", body: new URLSearchParams({ team }) }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [key = "", value = ""] = cookie.split(";")[0]!.split("=");
      cookies.set(key, value);
    }
    const location = response.headers.get("location");
    if (location === null) return { status: response.status, text: textOf(await response.text()) };
    await response.body?.cancel();
    url = new URL(location, url);
  }
  return { status: 310, text: "The pages send each other round in a circle." };
}

function textOf(html: string): string {
  return html
    .replace(/<(style|title)[^>]*>.*?<\/\1>/gs, "")
    .replace(/<[^>]+>/g, " ")
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, " ")
    .trim();
}
