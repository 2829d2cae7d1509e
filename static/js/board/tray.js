// What no driver has: each with why, and what would change that. A drop here takes a stop off the plan.

import { slotText } from "./words.js";

export class Tray {
  /** `parts`: {box, list, count, none}; `on`: {look(shipment)}. */
  constructor(parts, on) {
    this.parts = parts;
    parts.list.addEventListener("click", (event) => {
      const button = event.target.closest("[data-shipment]");
      if (button) on.look(button.dataset.shipment);
    });
  }

  show(plan) {
    const { tray, timezone } = plan.document;
    const said = JSON.stringify(tray);
    if (said === this.said) return;
    this.said = said;
    this.parts.count.textContent = tray.length ? String(tray.length) : "";
    this.parts.none.hidden = tray.length > 0;
    this.parts.list.replaceChildren(...tray.map((stop) => this.item(stop, timezone)));
  }

  item(stop, timezone) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "tray-stop";
    button.dataset.shipment = stop.shipment;
    const line = (className, text) => {
      const span = document.createElement("span");
      span.className = className;
      span.textContent = text;
      return span;
    };
    button.append(line("tray-name", stop.name), line("tray-place", [stop.address, stop.slot ? slotText(stop.slot, timezone) : ""].filter(Boolean).join(" · ")));
    item.append(button);
    for (const reason of stop.reasons.slice(0, 3)) item.append(line("tray-why", reason));
    for (const change of stop.changes.slice(0, 2)) item.append(line("tray-change", change));
    return item;
  }

  under(x, y) {
    return this.parts.box.contains(document.elementFromPoint(x, y));
  }

  mark(on) {
    this.parts.box.classList.toggle("aim", on);
  }
}
