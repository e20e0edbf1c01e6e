"use strict";

// Runs in the head of each page, before anything is drawn and before the deferred scripts.

document.documentElement.classList.add("with-scripts");

// The user's preferences in the browser's storage. If the storage is blocked, they apply until the page is left.
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

// The user can go back or forward before htmx listens: then load the page of the address.
addEventListener("popstate", ({ state }) => {
  if (state?.htmx && !onpopstate) location.reload();
});
