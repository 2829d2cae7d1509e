// What every page has: menus that close when you leave them, times told in the reader's own zone.

import "./copy.js";

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
function tellTimes(part) {
  for (const time of part.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) time.title = local.format(at);
  }
}
tellTimes(document);
document.addEventListener("htmx:load", (event) => tellTimes(event.target)); // parts that were fetched anew

// On a narrow screen the tab of this page may lie outside the strip.
const current = document.querySelector(".tabs a[aria-current]");
const strip = current?.closest(".tabs");
if (strip && strip.scrollWidth > strip.clientWidth) {
  strip.scrollLeft = current.offsetLeft - strip.offsetLeft - 24;
}
