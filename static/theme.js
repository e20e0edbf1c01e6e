"use strict";

// Light or dark as one chose it here, before anything is drawn; else as the system has it.
{
  const chosen = localStorage.getItem("theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
}
