import { h, within } from "./dom.js";

const NEW = "\u0000new";

/**
 * Who speaks in a column: one of the people there, or somebody new.
 * @param {Element} column
 * @param {() => void} onChosen
 */
export function createPerson(column, onChosen) {
  const part = within(column);
  const select = part(".person");
  const input = part(".new-person");
  let last = "";
  let where = "";

  select.addEventListener("change", () => {
    if (select.value !== NEW) {
      last = select.value;
      return;
    }
    input.hidden = false;
    input.value = "";
    input.focus();
  });

  function takeNew() {
    if (input.hidden) return;
    input.hidden = true;
    const name = input.value.trim().toLowerCase().replace(/\s+/g, "-");
    if (name !== "") {
      last = name;
      select.prepend(h("option", { value: name }, name));
    }
    select.value = last;
  }
  input.addEventListener("blur", takeNew);
  input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") input.value = "";
    takeNew();
    onChosen();
  });

  return {
    name: () => select.value,
    /**
     * @param {{ conversation: string, people: string[], partner: string | undefined, isFixed: boolean }} room `partner`: whose
     *   conversation with the bot it is; `isFixed`: nobody else speaks there
     */
    show({ conversation, people, partner, isFixed }) {
      if (last === "") last = people[0] ?? "ada";
      if (partner !== undefined && conversation !== where) last = partner;
      where = conversation;
      const names = isFixed ? [last] : people.includes(last) ? people : [...people, last];
      select.replaceChildren(
        ...names.map((name) => h("option", { value: name }, name)),
        ...(isFixed ? [] : [h("option", { value: NEW }, "someone new…")]),
      );
      select.value = last;
      select.disabled = isFixed;
    },
  };
}
