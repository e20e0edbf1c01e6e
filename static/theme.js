"use strict";

// Before anything is drawn: that scripts run here, and light or dark as one chose it.
document.documentElement.classList.add("with-scripts");
{
  const chosen = localStorage.getItem("theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
}
