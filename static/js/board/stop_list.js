// The board as a list, for narrow screens: drivers to open, stops with a button that moves them.

import { Plan } from "./plan.js";
import { clock, lateText } from "./scale.js";
import { slotText } from "./words.js";

export class StopList {
  /** `on`: {move(shipment)}. Rows of a driver are made when it is opened. */
  constructor(root, on) {
    this.root = root;
    this.openIds = new Set();
    root.addEventListener("click", (event) => {
      const button = event.target.closest("[data-move]");
      if (button) on.move(button.dataset.move);
    });
    root.addEventListener("toggle", (event) => this.toggled(event.target), { capture: true });
  }

  show(plan, may) {
    this.plan = plan;
    this.may = may;
    this.root.replaceChildren(...[...plan.drivers.values()].map((driver) => this.driver(driver)));
  }

  driver(driver) {
    const details = document.createElement("details");
    details.dataset.driver = driver.id;
    const sum = Plan.sum(driver);
    const summary = document.createElement("summary");
    const name = document.createElement("b");
    name.textContent = driver.name;
    const facts = document.createElement("span");
    facts.textContent = [`${sum.done} of ${sum.stops} done`, driver.kind, sum.late ? `${sum.late} late` : "", driver.flags.length ? "uncertain" : ""].filter(Boolean).join(" · ");
    facts.className = sum.late ? "late" : "";
    summary.append(name, facts);
    details.append(summary);
    details.open = this.openIds.has(driver.id);
    if (details.open) this.fill(details);
    return details;
  }

  toggled(details) {
    const { driver } = details.dataset;
    if (!driver) return;
    if (details.open) this.openIds.add(driver);
    else this.openIds.delete(driver);
    if (details.open) this.fill(details);
  }

  fill(details) {
    if (details.querySelector("ol")) return;
    const driver = this.plan.drivers.get(details.dataset.driver);
    const list = document.createElement("ol");
    list.append(...driver.stops.map((stop) => this.stop(stop)));
    if (!driver.stops.length) list.append(Object.assign(document.createElement("li"), { textContent: "No stops." }));
    details.append(list);
  }

  stop(stop) {
    const { timezone } = this.plan.document;
    const item = document.createElement("li");
    item.dataset.state = stop.state;
    const text = document.createElement("span");
    const name = document.createElement("b");
    name.textContent = `${stop.place}. ${stop.name}`;
    const facts = [clock(stop.at, timezone), stop.slot ? `slot ${slotText(stop.slot, timezone)}` : "", stop.open ? lateText(stop.late_s) : stop.state, stop.address];
    text.append(name, document.createElement("br"), facts.filter(Boolean).join(" · "));
    item.append(text);
    if (this.may && stop.open) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "tiny";
      button.dataset.move = stop.shipment;
      button.textContent = "Move";
      button.setAttribute("aria-label", `Move ${stop.name}`);
      item.append(button);
    }
    return item;
  }
}
