import { asMenu, h } from "./dom.js";

/** What can be done with a message, by the ability it needs; without one it can be done everywhere. */
const TOOLS = [
  { act: "reply", label: "Reply", name: "Reply in thread", needs: "thread" },
  { act: "react", label: "👍", name: "React with a thumbs up", needs: "react" },
];
const MORE = [
  { act: "edit", label: "Edit", needs: "edit", own: true },
  { act: "remove", label: "Delete", needs: "delete", own: true },
  { act: "redeliver", label: "Deliver again", own: true },
  { act: "road", label: "Show its road" },
];

/**
 * The tools that stand beside the message somebody points at or is on: one set a column, however many messages it has.
 * @param {HTMLElement} list
 * @param {{ can: (ability: string) => boolean, messageOf: (article: Element) => any, actions: Record<string, (message: any) => void> }} given
 */
export function createTools(list, { can, messageOf, actions }) {
  /** @type {Element | undefined} */
  let place;
  /** @type {Element | undefined} */
  let tools;

  /** @param {Element} article */
  function stand(article) {
    if (article === place && tools?.isConnected) return;
    const message = messageOf(article);
    if (!message) return;
    tools?.remove();
    place = article;
    tools = draw(message);
    article.append(tools);
  }

  /** @param {any} message */
  function draw(message) {
    const fits = (/** @type {any} */ { needs, own }) => (needs === undefined || can(needs)) && !(own && message.bot);
    const button = (/** @type {any} */ { act, label, name }) =>
      h(
        "button",
        { type: "button", class: "quiet small", "aria-label": name, onclick: () => actions[act]?.(message) },
        label,
      );
    const more = h(
      "details",
      {},
      h("summary", { class: "quiet small", "aria-label": `More for this message of ${message.author}` }, "More"),
      h("div", { class: "menu" }, ...MORE.filter(fits).map(button)),
    );
    return h("div", { class: "tools" }, ...TOOLS.filter(fits).map(button), asMenu(/** @type {any} */ (more)));
  }

  const standThere = (/** @type {Event} */ { target }) => {
    const article = /** @type {Element} */ (target).closest(".message");
    // A menu that is open stays with its message.
    if (article && !(tools?.matches(":focus-within") && article !== document.activeElement)) stand(article);
  };
  list.addEventListener("pointerover", standThere);
  list.addEventListener("focusin", standThere);

  list.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const here = /** @type {Element} */ (event.target);
    if (step === undefined || !here.matches(".message")) return;
    const all = [...list.querySelectorAll(".message")];
    const next = /** @type {HTMLElement | undefined} */ (all[all.indexOf(here) + step]);
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}
