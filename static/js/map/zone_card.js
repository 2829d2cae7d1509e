// The card of a clicked zone: its name, who is inside now, and ways on.

import { makeGlyph, setGlyph } from "./glyph.js";

const LISTED = 6;

export class ZoneCard {
  /** `root` is the section; `page(id)` the address of the geofence's page or "". */
  constructor(root, { close, filter, fit, open, page }) {
    this.root = root;
    this.page = page;
    this.zone = null;
    const at = (name) => root.querySelector(`#zone-${name}`);
    this.parts = Object.fromEntries(["name", "inside", "devices", "filter", "fit", "link", "close"].map((name) => [name, at(name)]));
    this.parts.close.addEventListener("click", close);
    this.parts.filter.addEventListener("click", () => filter(this.zone, this.parts.filter.getAttribute("aria-pressed") !== "true"));
    this.parts.fit.addEventListener("click", () => fit(this.zone));
    this.parts.devices.addEventListener("click", ({ target }) => {
      const id = target.closest("button")?.dataset.device;
      if (id) open(id);
    });
  }

  /** Show a zone ({id, name}), or nothing. */
  show(zone, { focus = false } = {}) {
    this.zone = zone;
    this.root.hidden = !zone;
    this.told = null;
    if (!zone) return;
    this.parts.name.textContent = zone.name;
    const address = this.page(zone.id);
    this.parts.link.hidden = !address;
    if (address) this.parts.link.href = address;
    if (focus) this.parts.name.focus({ preventScroll: true });
  }

  /** Say who is inside; `filtered` when the list shows only them. */
  draw(devices, filtered) {
    if (!this.zone) return;
    const inside = [];
    for (const device of devices) if (device.zones?.includes(this.zone.id)) inside.push(device);
    this.parts.filter.setAttribute("aria-pressed", String(filtered));
    this.parts.filter.textContent = filtered ? "Show all again" : "Show only these";
    const told = inside.map((device) => `${device.id}${device.status}${device.label}`).join();
    if (told === this.told) return;
    this.told = told;
    this.parts.inside.textContent = inside.length ? `${inside.length} inside now` : "Nobody inside now";
    this.parts.devices.replaceChildren(...inside.slice(0, LISTED).map(row));
    if (inside.length > LISTED) {
      const more = document.createElement("li");
      more.textContent = `and ${inside.length - LISTED} more`;
      this.parts.devices.append(more);
    }
  }
}

function row(device) {
  const line = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet tiny";
  button.dataset.device = device.id;
  const glyph = makeGlyph();
  setGlyph(glyph, device.status);
  const name = document.createElement("span");
  name.dir = "auto";
  name.textContent = device.label;
  button.append(glyph, name);
  line.append(button);
  return line;
}
