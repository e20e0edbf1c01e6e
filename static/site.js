"use strict";

// All works without this file; what it adds listens on the document, since htmx replaces parts of it.

const find = (selector, within = document) => within.querySelector(selector);
const findAll = (selector, within = document) => [...within.querySelectorAll(selector)];

// Copying -----------------------------------------------------------------------------------

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button || !navigator.clipboard) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.textContent = button.dataset.done;
});

// Light and dark ----------------------------------------------------------------------------

const theme = find("#theme");
theme.elements.theme.value = localStorage.getItem("theme") ?? "";
theme.addEventListener("change", () => {
  const chosen = theme.elements.theme.value;
  if (chosen) localStorage.setItem("theme", chosen);
  else localStorage.removeItem("theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
  else delete document.documentElement.dataset.theme;
});

// Keys, which do nothing while somebody types, and can be switched off ---------------------------

const keys = find("#keys");
const keysOn = find("input", keys);
keysOn.checked = localStorage.getItem("keys") !== "off";
keysOn.addEventListener("change", () => localStorage.setItem("keys", keysOn.checked ? "on" : "off"));
find("#keys-opener").addEventListener("click", () => keys.showModal());

const move = (step) => {
  const rows = findAll("main tbody tr:has(th a)");
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const row = rows[at < 0 ? 0 : Math.min(Math.max(at + step, 0), rows.length - 1)];
  if (row) find("th a", row).focus();
};
const actions = {
  "/": () => (find("main [type=search]") ?? find(".find [type=search]")).focus(),
  j: () => move(1),
  k: () => move(-1),
  x: () => find("[name=record]", document.activeElement.closest("tr") ?? document.createElement("tr"))?.click(),
  e: () => find("a[data-key=e]")?.click(),
  n: () => find("a[data-key=n]")?.click(),
  "?": () => keys.showModal(),
};
document.addEventListener("keydown", (event) => {
  if (event.key !== " " || !event.target.matches("a[role=button]")) return;
  event.preventDefault();
  event.target.click(); // as a button does
});
document.addEventListener("keydown", (event) => {
  const types = event.target.closest("input:not([type=checkbox]), select, textarea, dialog, [contenteditable]");
  if (!keysOn.checked || types || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!Object.hasOwn(actions, event.key)) return;
  event.preventDefault();
  actions[event.key]();
});

// Choosing rows -----------------------------------------------------------------------------

const countChosen = () => {
  const all = find("#choose-all");
  if (!all) return;
  const rows = findAll("[type=checkbox][name=record]");
  const chosen = rows.filter((row) => row.checked).length;
  all.checked = chosen === rows.length;
  all.indeterminate = chosen > 0 && chosen < rows.length;
  find("#chosen").textContent = chosen.toLocaleString(document.documentElement.lang);
};
document.addEventListener("change", ({ target }) => {
  if (target.id === "choose-all") for (const row of findAll("[name=record]")) row.checked = target.checked;
  if (target.matches("#choose-all, [name=record]")) countChosen();
});
addEventListener("pageshow", countChosen); // a browser that goes back remembers what was chosen

// Lists, whose parts htmx replaces ------------------------------------------------------------

document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.verb !== "get") return;
  for (const [name, value] of [...detail.formData]) if (value === "") detail.formData.delete(name);
});
// What is no list (signed out, an error, no answer) is shown as the page that it is.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr, pathInfo } = event.detail;
  if (target.id !== "found" || xhr.responseText.includes('id="found"')) return;
  event.preventDefault();
  location.assign(pathInfo.finalRequestPath);
});
document.addEventListener("htmx:sendError", ({ detail }) => {
  if (detail.target.id === "found") location.assign(detail.pathInfo.finalRequestPath);
});

// Forms: faults as one leaves a field, and a warning about what is not saved ----------------------

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  const faults = detail.target;
  if (!faults.matches(".faults")) return;
  const control = find("input:not([type=hidden]), select", faults.closest(".field"));
  const faulty = faults.textContent.trim() !== "";
  control.toggleAttribute("aria-invalid", false);
  if (faulty) control.setAttribute("aria-invalid", "true");
  const described = [faulty && faults.id, `${control.id}_helptext`].filter((id) => id && find(`#${id}`));
  if (described.length) control.setAttribute("aria-describedby", described.join(" "));
  else control.removeAttribute("aria-describedby");
});

const guarded = find("form[data-guarded]");
if (guarded) {
  const filledIn = () => new URLSearchParams(new FormData(guarded)).toString();
  const before = find("main .errors") ? "" : filledIn(); // what was refused is not saved either
  let leaving = false;
  guarded.addEventListener("submit", () => (leaving = true));
  addEventListener("pageshow", () => (leaving = false));
  addEventListener("beforeunload", (event) => {
    if (!leaving && filledIn() !== before) event.preventDefault();
  });
}
