import { post } from "./api.js";
import { asMenu, h, within } from "./dom.js";

/**
 * How the bots of a column are: there, away, not connected; and the menu that installs them or takes them away.
 * @param {Element} column
 * @param {{ platform: string, onFail: (problem: Error) => void }} given
 */
export function createBots(column, { platform, onFail }) {
  const part = within(column);
  const notice = part(".notice");
  const menu = asMenu(part(".bot-menu"));
  let answer = "";
  /** @type {any} */
  let info;

  async function install() {
    say("Walking through the bot’s pages…");
    const { status, text } = await post(`/${platform}/install`);
    say(`The last page answered ${status}: ${plain(text)}`);
  }

  async function uninstall() {
    await post(`/${platform}/uninstall`);
    say("Uninstalled. There the bot hears nothing until it is installed again.");
  }

  /** @param {string} text */
  function say(text) {
    answer = text;
    draw();
  }

  const entry = (/** @type {string} */ label, /** @type {() => Promise<void>} */ run) =>
    h(
      "button",
      {
        type: "button",
        class: "quiet small",
        onclick: () =>
          run().catch((problem) => {
            say("");
            onFail(problem);
          }),
      },
      label,
    );

  function draw() {
    const away = info.apps.filter((/** @type {any} */ app) => !app.reachable);
    const lines = away.map(
      (/** @type {any} */ app) =>
        `${app.bot} does not answer at ${app.webhook}. The platform keeps trying, as it would in real life.`,
    );
    const close = h("button", { type: "button", class: "quiet small", onclick: () => say("") }, "Close");
    notice.replaceChildren(
      ...lines.map((/** @type {string} */ line) => h("span", {}, line)),
      ...(answer === "" ? [] : [h("span", {}, `${answer} `, close)]),
    );
    notice.hidden = notice.childElementCount === 0;
    notice.classList.toggle("bad", away.length > 0);
  }

  return {
    /** @param {any} shown what `GET /sandbox` says of the platform */
    show(shown) {
      info = shown;
      const armed = info.faults.reduce((/** @type {number} */ sum, /** @type {any} */ { times }) => sum + times, 0);
      part(".bots").replaceChildren(
        ...info.apps.map(bot),
        ...(info.apps.length === 0 ? [h("li", { class: "away" }, "no bot is connected yet")] : []),
        ...(armed > 0
          ? [h("li", { class: "armed" }, armed === 1 ? "a fault is armed" : `${armed} faults are armed`)]
          : []),
      );
      const entries = [
        ...(info.can.includes("install") ? [entry("Install the bot", install)] : []),
        ...(info.can.includes("uninstall") ? [entry("Uninstall it", uninstall)] : []),
      ];
      menu.hidden = entries.length === 0;
      part(".bot-menu .menu").replaceChildren(...entries);
      draw();
    },
  };
}

/** @param {any} app @param {number} _index @param {any[]} all */
function bot({ name, bot, reachable }, _index, all) {
  // Several are told apart by the adapter each belongs to.
  const which = all.length > 1 && name !== bot ? ` (${name})` : "";
  return h("li", { class: reachable ? "" : "away" }, `${bot}${which}${reachable ? "" : " is away"}`);
}

/** A page's words, without its markup. @param {string} text */
function plain(text) {
  const { body } = new DOMParser().parseFromString(text, "text/html");
  const words = (body.textContent ?? "").replace(/\s+/g, " ").trim();
  return words.length > 300 ? `${words.slice(0, 299)}…` : words;
}
