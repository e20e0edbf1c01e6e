"use strict";

// Buttons that copy a text, shown where the browser lets them.
if (navigator.clipboard) {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.done;
    });
  }
}

// Light, dark, or as the system has it.
const theme = document.querySelector("#theme");
if (theme) {
  theme.hidden = false;
  theme.elements.theme.value = localStorage.getItem("theme") ?? "";
  theme.addEventListener("change", () => {
    const chosen = theme.elements.theme.value;
    if (chosen) localStorage.setItem("theme", chosen);
    else localStorage.removeItem("theme");
    if (chosen) document.documentElement.dataset.theme = chosen;
    else delete document.documentElement.dataset.theme;
  });
}

// Keys, which do nothing while somebody types, and can be switched off.
const keys = document.querySelector("#keys");
if (keys) {
  const on = keys.querySelector("input");
  on.checked = localStorage.getItem("keys") !== "off";
  on.addEventListener("change", () => localStorage.setItem("keys", on.checked ? "on" : "off"));
  const opener = document.querySelector("#keys-opener");
  opener.hidden = false;
  opener.addEventListener("click", () => keys.showModal());

  const follow = (selector) => document.querySelector(selector)?.click();
  const move = (step) => {
    const links = [...document.querySelectorAll("main tbody th a")];
    const at = links.indexOf(document.activeElement);
    links[at < 0 ? 0 : Math.min(Math.max(at + step, 0), links.length - 1)]?.focus();
  };
  const actions = {
    "/": () => (document.querySelector("main [type=search]") ?? document.querySelector(".find [type=search]"))?.focus(),
    j: () => move(1),
    k: () => move(-1),
    e: () => follow("a[data-key=e]"),
    n: () => follow("a[data-key=n]"),
    "?": () => keys.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, dialog, [contenteditable]");
    if (!on.checked || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = actions[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
