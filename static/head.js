"use strict";

// Runs in the head of each page, before anything is drawn and before the deferred scripts.

document.documentElement.classList.add("with-scripts");

// What a browser remembers for its user. Where it blocks storage, until the page is left.
const preferences = {
  unsaved: {},
  get(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return this.unsaved[name] ?? null;
    }
  },
  set(name, value) {
    this.unsaved[name] = value;
    try {
      localStorage.setItem(name, value);
    } catch {
      // blocked or full
    }
  },
};

// Django's admin saves its theme under the same name: auto (the system's), light or dark.
const applyTheme = () => {
  const saved = preferences.get("theme");
  const theme = ["light", "dark"].includes(saved) ? saved : "auto";
  document.documentElement.dataset.theme = theme;
  return theme;
};
applyTheme();

// A browser may go back or forward while the page loads, before htmx listens: show what the address says.
addEventListener("popstate", ({ state }) => {
  if (state?.htmx && !onpopstate) location.reload();
});
