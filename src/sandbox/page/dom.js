/**
 * Builds an element. Text only ever becomes a text node, so nothing that somebody said can become markup.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes] `onclick` and the like are listeners, `undefined` and `false` are left out
 * @param {...(Node | string | undefined)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

/**
 * What finds the parts of a piece of the page by selector; a missing one is a mistake of the page.
 * @param {Element} root
 * @returns {(selector: string) => any}
 */
export const within = (root) => (selector) => root.querySelector(selector);

/** A menu behind a summary closes as menus do: by Escape, by leaving it, by choosing. @param {HTMLDetailsElement} details */
export function asMenu(details) {
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    event.stopPropagation();
    details.open = false;
    details.querySelector("summary")?.focus();
  });
  details.addEventListener("focusout", ({ relatedTarget }) => {
    if (!details.contains(/** @type {Node | null} */ (relatedTarget))) details.open = false;
  });
  details.addEventListener("click", ({ target }) => {
    if (/** @type {Element} */ (target).closest(".menu button")) details.open = false;
  });
  return details;
}

/** Where there is more behind an edge of what scrolls sideways, the style sheets are to show it. @param {HTMLElement} element */
export function watchEdges(element) {
  const look = () => {
    const after = element.scrollWidth - element.clientWidth - element.scrollLeft;
    element.classList.toggle("more-before", element.scrollLeft > 1);
    element.classList.toggle("more-after", after > 1);
  };
  element.addEventListener("scroll", look, { passive: true });
  new ResizeObserver(look).observe(element);
  new MutationObserver(look).observe(element, { childList: true });
}
