"use strict";

// Replaces each long select with an ARIA combobox, in which options can be searched. The select holds the value.

const MAX_SHORT = 8; // options of a select that is not replaced

const makeCombobox = (select) => {
  const input = document.createElement("input");
  const list = document.createElement("ul");
  const label = document.querySelector(`label[for="${select.id}"]`);
  const selectedText = () => select.selectedOptions[0]?.text ?? "";
  Object.assign(input, { type: "text", id: select.id, autocomplete: "off", value: selectedText() });
  for (const name of ["aria-describedby", "aria-invalid"]) {
    if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
  }
  Object.assign(list, { id: `${input.id}-options`, hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", label.textContent);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  select.id = `${input.id}-value`;
  const wrapper = document.createElement("div");
  wrapper.className = "combobox";
  select.before(wrapper);
  wrapper.append(input, list, select);
  select.hidden = true;

  let active = -1; // the index of the option that arrow keys have reached
  const fold = (text) => text.normalize("NFKC").toLocaleLowerCase();
  const activate = (index) => {
    active = index;
    [...list.children].forEach((item, position) => item.setAttribute("aria-selected", position === index));
    const item = list.children[index];
    if (item) input.setAttribute("aria-activedescendant", item.id);
    else input.removeAttribute("aria-activedescendant");
    item?.scrollIntoView({ block: "nearest" });
  };
  const toggle = (open) => {
    list.hidden = !open;
    input.setAttribute("aria-expanded", open);
    if (!open) activate(-1);
  };
  const listOptions = (text) => {
    const terms = fold(text).split(/\s+/).filter(Boolean);
    const options = [...select.options].filter((option) => terms.every((term) => fold(option.text).includes(term)));
    list.replaceChildren(
      ...options.slice(0, 50).map((option, position) => {
        const item = document.createElement("li");
        Object.assign(item, { id: `${list.id}-${position}`, textContent: option.text });
        item.dataset.value = option.value;
        item.setAttribute("role", "option");
        return item;
      }),
    );
    activate(-1);
    toggle(options.length > 0);
  };
  const selectOption = (value) => {
    const before = select.value;
    select.value = value;
    input.value = selectedText();
    toggle(false);
    if (value === before) return;
    for (const type of ["input", "change"]) select.dispatchEvent(new Event(type, { bubbles: true }));
  };

  input.addEventListener("focus", () => input.select());
  input.addEventListener("click", () => listOptions(""));
  input.addEventListener("input", (event) => {
    event.stopPropagation(); // the text is not a value yet
    listOptions(input.value);
  });
  input.addEventListener("change", (event) => event.stopPropagation());
  // Select the option with the text, or the only one listed for it. An empty text selects the empty option.
  const selectTyped = () => {
    const options = list.hidden ? [] : [...list.children];
    const typed = fold(input.value).trim();
    const match = options.find((item) => fold(item.textContent) === typed) ?? (options.length === 1 ? options[0] : null);
    if (typed === "" && select.querySelector('option[value=""]')) selectOption("");
    else selectOption(match ? match.dataset.value : select.value);
  };
  input.addEventListener("blur", selectTyped);
  input.addEventListener("keydown", (event) => {
    const last = list.children.length - 1;
    if (["ArrowDown", "ArrowUp"].includes(event.key) && list.hidden) listOptions("");
    else if (event.key === "ArrowDown") activate(active < last ? active + 1 : 0);
    else if (event.key === "ArrowUp") activate(active > 0 ? active - 1 : last);
    else if (event.key === "Enter" && active >= 0) selectOption(list.children[active].dataset.value);
    else if (event.key === "Enter" && (!list.hidden || input.value !== selectedText())) selectTyped();
    else if (event.key === "Escape" && !list.hidden) selectOption(select.value);
    else return;
    event.preventDefault();
  });
  list.addEventListener("mousedown", (event) => {
    event.preventDefault(); // the field keeps the focus
    const item = event.target.closest("[role=option]");
    if (item) selectOption(item.dataset.value);
  });
};

const makeComboboxes = (root) => {
  for (const select of root.querySelectorAll("main select")) {
    if (select.options.length > MAX_SHORT && !select.closest(".combobox")) makeCombobox(select);
  }
};
makeComboboxes(document);
document.addEventListener("htmx:load", (event) => makeComboboxes(event.detail.elt));
