/** @param {string} path below /sandbox */
export async function get(path) {
  return ask(path);
}

/** @param {string} path below /sandbox @param {object} [body] */
export async function post(path, body = {}) {
  const headers = { "content-type": "application/json" };
  return ask(path, { method: "POST", headers, body: JSON.stringify(body) });
}

/** @param {string} path below /sandbox */
export async function remove(path) {
  return ask(path, { method: "DELETE" });
}

/** @param {string} path @param {RequestInit} [init] */
async function ask(path, init) {
  const response = await fetch(`/sandbox${path}`, init).catch(() => {
    throw new Error("The sandbox does not answer. Is it still running?");
  });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error?.message ?? `The sandbox answered ${response.status}.`);
  return body;
}

/**
 * Listens to the sandbox for as long as the page is open; the browser reconnects and resumes by itself.
 * @param {(event: any) => void} onEvent
 * @param {(connected: boolean) => void} onState
 */
export function listen(onEvent, onState) {
  let source = new EventSource("/sandbox/events");
  const attach = () => {
    source.onopen = () => onState(true);
    source.onmessage = ({ data }) => onEvent(JSON.parse(data));
    source.onerror = () => {
      onState(false);
      // A server that answered with an error ends the browser's own retries.
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(() => {
        source = new EventSource("/sandbox/events");
        attach();
        onEvent({ type: "refresh" });
      }, 2000);
    };
  };
  attach();
}
