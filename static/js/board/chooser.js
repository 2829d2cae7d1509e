// Where to? A dialog with two lists instead of a drag: for phones, and for whoever would rather choose than aim.

import { TRAY } from "./plan.js";
import { clock } from "./scale.js";

export class Chooser {
  /** `aim(shipment, target)` on each choice, `drop(shipment, target)` at the end, `cancel()`. */
  constructor(dialog, { aim, drop, cancel }) {
    this.dialog = dialog;
    this.form = dialog.querySelector("form");
    this.aim = aim;
    this.form.elements.driver.addEventListener("change", () => this.fillPlaces());
    this.form.elements.before.addEventListener("change", () => this.tell());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.sent = true;
      dialog.close();
      drop(this.shipment, this.target);
    });
    dialog.querySelector("[data-part=back]").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => this.sent || cancel());
  }

  open(plan, shipment) {
    this.plan = plan;
    this.shipment = shipment;
    this.sent = false;
    const { stop, driver } = plan.get(shipment);
    this.dialog.querySelector("[data-part=title]").textContent = `Move ${stop.name}`;
    const options = [...plan.drivers.values()].map((one) => new Option(`${one.name} (${one.stops.length})`, one.id));
    if (driver) options.push(new Option("Nobody: off the plan", TRAY));
    this.form.elements.driver.replaceChildren(...options);
    this.form.elements.driver.value = driver?.id ?? options[0]?.value ?? TRAY;
    this.dialog.showModal();
    this.fillPlaces();
  }

  fillPlaces() {
    const to = this.form.elements.driver.value;
    const open = to === TRAY ? [] : this.plan.open(to, this.shipment);
    const { timezone } = this.plan.document;
    const options = open.map((stop) => new Option(`before ${stop.place}. ${stop.name}, ${clock(stop.at, timezone)}`, stop.shipment));
    options.push(new Option("at the end", ""));
    this.form.elements.before.replaceChildren(...options);
    this.form.elements.before.value = to === TRAY ? "" : (this.plan.beforeAt(to, this.plan.get(this.shipment).stop.at ?? 0, this.shipment) ?? "");
    this.tell();
  }

  get target() {
    return { to: this.form.elements.driver.value, before: this.form.elements.before.value || null };
  }

  tell() {
    this.aim(this.shipment, this.target);
  }

  get part() {
    return this.dialog.querySelector("[data-part=cost]");
  }
}
