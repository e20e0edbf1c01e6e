"use strict";

// A long choice can be typed: an ARIA combobox stands before the select, which keeps the value.

const SHORT = 8;

const typable = (select) => {
  const input = document.createElement("input");
  const list = document.createElement("ul");
  const label = document.querySelector(`label[for="${select.id}"]`);
  const chosen = () => select.selectedOptions[0]?.text ?? "";
  Object.assign(input, { type: "text", id: select.id, autocomplete: "off", value: chosen() });
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
  const frame = document.createElement("div");
  frame.className = "combobox";
  select.before(frame);
  frame.append(input, list, select);
  select.hidden = true;

  let marked = -1;
  const fold = (text) => text.normalize("NFKC").toLocaleLowerCase();
  const mark = (index) => {
    marked = index;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", at === index));
    const item = list.children[index];
    if (item) input.setAttribute("aria-activedescendant", item.id);
    else input.removeAttribute("aria-activedescendant");
    item?.scrollIntoView({ block: "nearest" });
  };
  const show = (open) => {
    list.hidden = !open;
    input.setAttribute("aria-expanded", open);
    if (!open) mark(-1);
  };
  const fill = (text) => {
    const words = fold(text).split(/\s+/).filter(Boolean);
    const options = [...select.options].filter((option) => words.every((word) => fold(option.text).includes(word)));
    list.replaceChildren(
      ...options.slice(0, 50).map((option, at) => {
        const item = document.createElement("li");
        Object.assign(item, { id: `${list.id}-${at}`, textContent: option.text });
        item.dataset.value = option.value;
        item.setAttribute("role", "option");
        return item;
      }),
    );
    mark(-1);
    show(options.length > 0);
  };
  const choose = (value) => {
    const before = select.value;
    select.value = value;
    input.value = chosen();
    show(false);
    if (value === before) return;
    for (const kind of ["input", "change"]) select.dispatchEvent(new Event(kind, { bubbles: true }));
  };

  input.addEventListener("focus", () => input.select());
  input.addEventListener("click", () => fill(""));
  input.addEventListener("input", (event) => {
    event.stopPropagation(); // what is typed here is no value yet
    fill(input.value);
  });
  input.addEventListener("change", (event) => event.stopPropagation());
  // What was typed counts where it is an option or leaves one; nothing typed is the empty option.
  const settle = () => {
    const options = list.hidden ? [] : [...list.children];
    const typed = fold(input.value).trim();
    const meant = options.find((item) => fold(item.textContent) === typed) ?? (options.length === 1 ? options[0] : null);
    if (typed === "" && select.querySelector('option[value=""]')) choose("");
    else choose(meant ? meant.dataset.value : select.value);
  };
  input.addEventListener("blur", settle);
  input.addEventListener("keydown", (event) => {
    const last = list.children.length - 1;
    if (["ArrowDown", "ArrowUp"].includes(event.key) && list.hidden) fill("");
    else if (event.key === "ArrowDown") mark(marked < last ? marked + 1 : 0);
    else if (event.key === "ArrowUp") mark(marked > 0 ? marked - 1 : last);
    else if (event.key === "Enter" && marked >= 0) choose(list.children[marked].dataset.value);
    else if (event.key === "Enter" && (!list.hidden || input.value !== chosen())) settle();
    else if (event.key === "Escape" && !list.hidden) choose(select.value);
    else return;
    event.preventDefault();
  });
  list.addEventListener("mousedown", (event) => {
    event.preventDefault(); // the field keeps the focus
    const item = event.target.closest("[role=option]");
    if (item) choose(item.dataset.value);
  });
};

const makeTypable = (within) => {
  for (const select of within.querySelectorAll("main select")) {
    if (select.options.length > SHORT && !select.closest(".combobox")) typable(select);
  }
};
makeTypable(document);
document.addEventListener("htmx:load", (event) => makeTypable(event.detail.elt));
