import { HobnobError } from "../../core/index.ts";
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
    const response = await open(url, {
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
  throw new HobnobError("SANDBOX_INPUT", `The pages behind /${name}/install lead round in a circle.`);
}

async function open(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, redirect: "manual" });
  } catch (error) {
    const message = `The bot's page ${url.origin}${url.pathname} cannot be reached.`;
    throw new HobnobError("SANDBOX_INPUT", message, { cause: error });
  }
}

function textOf(html: string): string {
  return html
    .replace(/<(style|title)[^>]*>.*?<\/\1>/gs, "")
    .replace(/<[^>]+>/g, " ")
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, " ")
    .trim();
}
