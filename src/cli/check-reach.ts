import { errorCode, type Finding } from "../core/index.ts";

const LONGEST_MS = 5000;

/** Does the bot answer at its public address? Where no bot runs, silence is no error. */
export async function checkReach(url: string, isRunning: boolean): Promise<Omit<Finding, "subject">> {
  const absent = (what: string): Omit<Finding, "subject"> =>
    isRunning
      ? { level: "error", message: `${what} The bot runs: see where the proxy or tunnel leads to.` }
      : { level: "warning", message: `${what} If no bot runs there now, start it and check again.` };
  let response: Response;
  try {
    response = await fetch(`${url}/health`, { redirect: "manual", signal: AbortSignal.timeout(LONGEST_MS) });
  } catch (error) {
    const code = codeOf(error);
    const { hostname, host } = new URL(url);
    if (code === "TimeoutError") return absent(`${url} did not answer within ${LONGEST_MS / 1000} s.`);
    if (code === "ENOTFOUND") {
      return { level: "error", message: `There is no host ${hostname}. Check the spelling, or its DNS record.` };
    }
    if (code === "EAI_AGAIN") {
      return {
        level: "error",
        message: `The name ${hostname} could not be looked up. Check this machine's network and DNS.`,
      };
    }
    if (code === "ECONNREFUSED") return absent(`Nothing listens at ${host}.`);
    if (CERTIFICATE.test(code)) {
      const message = `The certificate of ${host} is refused (${code}), and platforms will refuse it too. Renew it, with its whole chain.`;
      return { level: "error", message };
    }
    if (TLS.test(code)) {
      return {
        level: "error",
        message: `${host} does not speak https (${code}). Put a proxy or tunnel with TLS there.`,
      };
    }
    return absent(`${host} cannot be reached (${code}).`);
  }
  const { status } = response;
  if (status === 200 && (await isHealth(response))) return { level: "ok", message: `The bot answers at ${url}.` };
  if (status >= 300 && status < 400) {
    const message = `${url} leads elsewhere (HTTP ${status}), and platforms do not follow. Set the address where it ends.`;
    return { level: "error", message };
  }
  return absent(
    status === 200 ? `Something else than the bot answers at ${url}.` : `${url}/health answered with HTTP ${status}.`,
  );
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/;
const TLS = /ERR_TLS|ERR_SSL|EPROTO/;

/** fetch hides the reason in a cause, which may hold one for each address that was tried. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const first = cause instanceof AggregateError ? cause.errors[0] : cause;
  return errorCode(first);
}

async function isHealth(response: Response): Promise<boolean> {
  try {
    const body: unknown = await response.json();
    return typeof body === "object" && body !== null && "status" in body && body.status === "ok";
  } catch {
    return false;
  }
}
