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
    /** @param {string[]} people @param {string | undefined} fixed the only one who speaks in this conversation */
    show(people, fixed) {
      if (last === "") last = people[0] ?? "ada";
      const names = fixed ? [fixed] : people.includes(last) ? people : [...people, last];
      select.replaceChildren(
        ...names.map((name) => h("option", { value: name }, name)),
        ...(fixed ? [] : [h("option", { value: NEW }, "someone new…")]),
      );
      select.value = fixed ?? last;
      select.disabled = fixed !== undefined;
    },
  };
}
