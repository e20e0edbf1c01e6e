"use strict";

// Replaces each long select with an ARIA combobox, in which options can be searched. The select holds the value.
// If it doesn't contain all options, the server is asked for those that match. Text that isn't an option is sent as a
// separate parameter, such as team_text, so that it isn't lost and the server can report it.

const MAX_SHORT = 8; // options of a select that is not replaced
const MAX_LISTED = 50;
const SHORT = 2; // characters of a search term that only matches the start of a word
const DELAY = 150; // milliseconds after the last key before the server is asked

const fold = (text) => text.normalize("NFKC").toLocaleLowerCase().trim();
const wordsOf = (text) => {
  const folded = fold(text).split(/\s+/).filter(Boolean);
  const words = folded.map((word) => word.replace(/[\p{P}\p{Z}\p{Cf}]/gu, "")).filter(Boolean);
  return words.length > 0 ? words : folded;
};
// The server compares names in the same way: see search_key in heroesite/text.py.
const searchKeyOf = (name) => {
  const words = wordsOf(name);
  return [words.join(""), ...words.slice(1)].map((part) => ` ${part}`).join("");
};
const isMatch = (key, term) => key.includes([...term].length > SHORT ? term : ` ${term}`);
const typedNameOf = (select) => {
  const sibling = select.nextElementSibling;
  return sibling?.matches(`input[name="${select.name}_text"]`) ? sibling : null;
};

const makeCombobox = (select) => {
  const { search, typed, matches = "", more = "", none = "", failed = "" } = select.dataset;
  const input = document.createElement("input");
  const list = document.createElement("ul");
  const status = document.createElement("p");
  const label = document.querySelector(`label[for="${select.id}"]`);
  if (typed) select.options[0].remove(); // contains the message about the text
  const rejected = typed || typedNameOf(select)?.value;
  typedNameOf(select)?.remove();

  const selectedText = () => select.selectedOptions[0]?.text ?? "";
  Object.assign(input, { type: "text", id: select.id, autocomplete: "off", value: rejected || selectedText() });
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
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  select.id = `${input.id}-value`;
  const wrapper = document.createElement("div");
  wrapper.className = "combobox";
  select.before(wrapper);
  wrapper.append(input, list, select, status);
  select.hidden = true;

  let active = -1; // the index of the option that arrow keys have reached
  let latest = 0; // the number of the last search
  let searching = Promise.resolve();
  let reported = rejected || null; // the text that the page shows an error about
  const isTyped = () => input.hasAttribute("name");
  const setTyped = (typed) => {
    if (typed) input.name = `${select.name}_text`;
    else input.removeAttribute("name");
  };
  setTyped(Boolean(rejected));
  const announce = (text, isError = false) => {
    status.textContent = text;
    status.className = isError ? "field-error" : "visually-hidden";
  };
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

  const findOptions = (text) => {
    const terms = wordsOf(text);
    const options = [...select.options].filter((option) => {
      const key = searchKeyOf(option.text);
      return terms.every((term) => isMatch(key, term));
    });
    return options.map(({ value, text }) => ({ value, text }));
  };
  const ask = async (text) => {
    const response = await fetch(`${search}?${new URLSearchParams({ search: text.trim() })}`);
    const body = await response.json();
    if (!response.ok) throw new Error(body.message);
    const found = body.results.map(({ id, name }) => ({ value: String(id), text: name }));
    const known = new Set(found.map(({ value }) => value));
    const own = findOptions(text).filter(({ value }) => !known.has(value));
    return { found: [...own, ...found], isCutOff: body.more };
  };
  const listOptions = (found, isCutOff, text) => {
    list.replaceChildren(
      ...found.slice(0, MAX_LISTED).map((option, position) => {
        const item = document.createElement("li");
        Object.assign(item, { id: `${list.id}-${position}`, textContent: option.text });
        item.dataset.value = option.value;
        item.setAttribute("role", "option");
        return item;
      }),
    );
    activate(-1);
    toggle(found.length > 0 && document.activeElement === input);
    if (found.length === 0) announce(none.replace("{text}", () => text.trim()), true);
    else announce((isCutOff ? more : matches).replace("{count}", found.length));
  };
  const searchFor = (text) => {
    const number = ++latest;
    const isLatest = () => number === latest;
    if (!search) {
      listOptions(findOptions(text), false, text);
      searching = Promise.resolve();
      return;
    }
    searching = new Promise((resolve) => setTimeout(resolve, text ? DELAY : 0))
      .then(() => (isLatest() ? ask(text) : null))
      .then((answer) => answer && isLatest() && listOptions(answer.found, answer.isCutOff, text))
      .catch(() => {
        if (!isLatest()) return;
        list.replaceChildren();
        toggle(false);
        announce(failed, true);
      });
  };

  const report = () => {
    for (const type of ["input", "change"]) select.dispatchEvent(new Event(type, { bubbles: true }));
  };
  const selectOption = (value, text) => {
    latest++;
    const before = select.value;
    if (![...select.options].some((option) => option.value === value)) select.add(new Option(text, value));
    select.value = value;
    input.value = selectedText();
    setTyped(false);
    toggle(false);
    announce("");
    if (value !== before || reported !== null) report();
    reported = null;
  };
  const keepTyped = () => {
    toggle(false);
    reported = input.value;
    if (select.closest("[hx-get], [hx-post]")) announce(""); // the response has the error
    report();
  };
  // Select the option with this text, or the only match. Empty text selects the empty option. Any other text stays in
  // the field, and is reported.
  const selectTyped = async () => {
    const text = input.value;
    if (fold(text) === "" && select.querySelector('option[value=""]')) return selectOption("");
    await searching;
    if (input.value !== text || !isTyped()) return;
    const options = [...list.children];
    const match =
      options.find((item) => fold(item.textContent) === fold(text)) ?? (options.length === 1 ? options[0] : null);
    if (match) selectOption(match.dataset.value, match.textContent);
    else keepTyped();
  };

  input.addEventListener("focus", () => input.select());
  input.addEventListener("click", () => searchFor(isTyped() ? input.value : ""));
  input.addEventListener("input", (event) => {
    event.stopPropagation(); // the text is not a value yet
    setTyped(true);
    searchFor(input.value);
  });
  input.addEventListener("change", (event) => event.stopPropagation());
  input.addEventListener("blur", () => {
    if (isTyped() && input.value !== reported) selectTyped();
    else toggle(false);
  });
  input.addEventListener("keydown", (event) => {
    const last = list.children.length - 1;
    if (["ArrowDown", "ArrowUp"].includes(event.key) && list.hidden) searchFor(isTyped() ? input.value : "");
    else if (event.key === "ArrowDown") activate(active < last ? active + 1 : 0);
    else if (event.key === "ArrowUp") activate(active > 0 ? active - 1 : last);
    else if (event.key === "Enter" && active >= 0) {
      const item = list.children[active];
      selectOption(item.dataset.value, item.textContent);
    } else if (event.key === "Enter" && isTyped()) selectTyped();
    else if (event.key === "Enter" && !list.hidden) toggle(false);
    else if (event.key === "Escape" && (isTyped() || !list.hidden)) selectOption(select.value);
    else return;
    event.preventDefault();
  });
  list.addEventListener("mousedown", (event) => {
    event.preventDefault(); // the field keeps the focus
    const item = event.target.closest("[role=option]");
    if (item) selectOption(item.dataset.value, item.textContent);
  });
};

const makeComboboxes = (root) => {
  for (const select of root.querySelectorAll("main select")) {
    const isLong = select.options.length > MAX_SHORT || select.dataset.search;
    if (isLong && !select.closest(".combobox")) makeCombobox(select);
  }
};
makeComboboxes(document);
document.addEventListener("htmx:load", (event) => makeComboboxes(event.detail.elt));
