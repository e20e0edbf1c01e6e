"use strict";

// Every page works without this file. Listeners are on the document, since htmx replaces parts of it.

const find = (selector, within = document) => within.querySelector(selector);
const findAll = (selector, within = document) => [...within.querySelectorAll(selector)];

// Copying -----------------------------------------------------------------------------------

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button || !navigator.clipboard) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.textContent = button.dataset.done;
});

// Theme -------------------------------------------------------------------------------------

const themeSelect = find("#theme select");
const showTheme = () => (themeSelect.value = applyTheme());
themeSelect.addEventListener("change", () => {
  preferences.set("theme", themeSelect.value);
  showTheme();
});
addEventListener("storage", showTheme); // selected in another tab
addEventListener("pageshow", showTheme); // a browser that goes back restores selects and whole pages
showTheme();

// Relative times, which the server doesn't write: it sends the same page later -------------------------

const units = { year: 31557600, month: 2629800, week: 604800, day: 86400, hour: 3600, minute: 60, second: 1 };
const relativeFormat = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
const showRelativeTimes = () => {
  for (const time of findAll("time[data-relative]")) {
    time.title ||= time.textContent;
    const seconds = Math.min(0, Math.round((new Date(time.dateTime) - Date.now()) / 1000));
    const [unit, length] = Object.entries(units).find(([, length]) => -seconds >= length) ?? ["second", 1];
    time.textContent = relativeFormat.format(Math.trunc(seconds / length), unit);
  }
};
setInterval(showRelativeTimes, 60_000);
showRelativeTimes();

// Keyboard shortcuts, except while the user types ---------------------------------------------

const shortcuts = find("#shortcuts");
const shortcutsOn = find("input", shortcuts);
shortcutsOn.checked = preferences.get("keys") !== "off";
shortcutsOn.addEventListener("change", () => preferences.set("keys", shortcutsOn.checked ? "on" : "off"));
find("#open-shortcuts").addEventListener("click", () => shortcuts.showModal());

const move = (step) => {
  const rows = findAll("main tbody tr:has(th a)");
  const current = rows.findIndex((row) => row.contains(document.activeElement));
  const row = rows[current < 0 ? 0 : Math.min(Math.max(current + step, 0), rows.length - 1)];
  if (row) find("th a", row).focus();
};
const actions = {
  "/": () => (find("main [type=search]") ?? find(".site-search [type=search]")).focus(),
  j: () => move(1),
  k: () => move(-1),
  x: () => find("[name=record]", document.activeElement.closest("tr") ?? document.createElement("tr"))?.click(),
  e: () => find("a[data-key=e]")?.click(),
  n: () => find("a[data-key=n]")?.click(),
  "?": () => shortcuts.showModal(),
};
document.addEventListener("keydown", (event) => {
  if (event.key !== " " || !event.target.matches("a[role=button]")) return;
  event.preventDefault();
  event.target.click(); // as a button does
});
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), select, textarea, dialog, [contenteditable]");
  if (!shortcutsOn.checked || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!Object.hasOwn(actions, event.key)) return;
  event.preventDefault();
  actions[event.key]();
});

// Selecting rows ----------------------------------------------------------------------------

const countSelected = () => {
  const all = find("#select-all");
  if (!all) return;
  const rows = findAll("[type=checkbox][name=record]");
  const selected = rows.filter((row) => row.checked).length;
  all.checked = selected === rows.length;
  all.indeterminate = selected > 0 && selected < rows.length;
  find("#selected-count").textContent = selected.toLocaleString(document.documentElement.lang);
};
document.addEventListener("change", ({ target }) => {
  if (target.id === "select-all") for (const row of findAll("[name=record]")) row.checked = target.checked;
  if (target.matches("#select-all, [name=record]")) countSelected();
});
addEventListener("pageshow", countSelected); // a browser that goes back restores the selection

// Lists, of which htmx replaces parts ---------------------------------------------------------

document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.verb !== "get") return;
  for (const [name, value] of [...detail.formData]) if (value === "") detail.formData.delete(name);
});
// If a response has no list (after signing out, or with an error) or none arrives, load the address as a page.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr, pathInfo } = event.detail;
  if (target.id !== "results" || xhr.responseText.includes('id="results"')) return;
  event.preventDefault();
  location.assign(pathInfo.finalRequestPath);
});
document.addEventListener("htmx:sendError", ({ detail }) => {
  if (detail.target.id === "results") location.assign(detail.pathInfo.finalRequestPath);
});

// Forms: errors on leaving a field, and a warning before unsaved changes are lost -----------------

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  const errors = detail.target;
  if (!errors.matches(".field-errors")) return;
  const control = find("input:not([type=hidden]), select", errors.closest(".field"));
  const invalid = errors.textContent.trim() !== "";
  if (invalid) control.setAttribute("aria-invalid", "true");
  else control.removeAttribute("aria-invalid");
  const descriptions = [invalid && errors.id, `${control.id}_helptext`].filter((id) => id && find(`#${id}`));
  if (descriptions.length) control.setAttribute("aria-describedby", descriptions.join(" "));
  else control.removeAttribute("aria-describedby");
});

// Pressing a button makes the field with the focus send its check. An error that appears before the button is
// released would move the button away; the form is about to be checked as a whole anyway.
let pressedButton = null;
document.addEventListener("pointerdown", ({ target }) => (pressedButton = target.closest("form [type=submit]")));
for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => (pressedButton = null));
document.addEventListener("htmx:beforeRequest", (event) => {
  if (pressedButton?.form.contains(event.target) && event.target.matches(".field")) event.preventDefault();
});

const form = find("form[data-warn-unsaved]");
if (form) {
  const values = () => new URLSearchParams(new FormData(form)).toString();
  const saved = find("main .errors") ? "" : values(); // a form that was rejected is unsaved
  let submitting = false;
  form.addEventListener("submit", () => (submitting = true));
  addEventListener("pageshow", () => (submitting = false));
  addEventListener("beforeunload", (event) => {
    if (!submitting && values() !== saved) event.preventDefault();
  });
}
