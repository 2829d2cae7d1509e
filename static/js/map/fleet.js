// Which devices are meant: the search box, the status buttons with their counts, and the order of the list.

import { STATUSES, STATUS_TEXT } from "../live/status.js";
import { makeGlyph, setGlyph } from "./glyph.js";

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

export class FleetFilter {
  /** `changed()` is called when the reader asks for other devices. */
  constructor({ search, buttons, changed }) {
    this.text = "";
    this.status = null;
    this.changed = changed;
    this.buttons = new Map();
    search.addEventListener("input", () => {
      this.text = search.value.trim().toLocaleLowerCase();
      changed();
    });
    for (const status of [null, ...STATUSES]) this.buttons.set(status, this.add(buttons, status));
    this.press(null);
  }

  add(buttons, status) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "fleet-filter";
    const count = document.createElement("b");
    const word = document.createElement("span");
    word.textContent = status === null ? "All" : { ...STATUS_TEXT, waiting: "Waiting" }[status];
    if (status !== null) {
      const glyph = makeGlyph();
      setGlyph(glyph, status);
      button.append(glyph);
    }
    button.append(word, count);
    button.addEventListener("click", () => {
      this.press(this.status === status ? null : status);
      this.changed();
    });
    buttons.append(button);
    return { button, count };
  }

  press(status) {
    this.status = status;
    for (const [key, { button }] of this.buttons) button.setAttribute("aria-pressed", String(key === status));
  }

  /** Show how many there are of each status. */
  count(counts) {
    const all = STATUSES.reduce((sum, status) => sum + counts[status], 0);
    for (const [status, { button, count }] of this.buttons) {
      const number = status === null ? all : counts[status];
      if (count.textContent !== String(number)) count.textContent = number;
      button.hidden = status === "waiting" && number === 0 && this.status !== "waiting";
    }
  }

  accepts(device) {
    if (this.status !== null && device.status !== this.status) return false;
    if (!this.text) return true;
    return `${device.name}\n${device.external_id}`.toLocaleLowerCase().includes(this.text);
  }

  /** The accepted devices by name; also marks the others, so that the map can leave them out. */
  apply(store) {
    const rows = [];
    const moved = [];
    for (const device of this.sorted(store)) {
      const out = !this.accepts(device);
      if (out !== Boolean(device.filteredOut)) {
        device.filteredOut = out;
        moved.push(device);
      }
      if (!out) rows.push(device);
    }
    return { rows, moved };
  }

  // Comparing names the way people do is what costs here, and names hardly ever change.
  sorted(store) {
    if (this.naming !== store.naming) {
      this.naming = store.naming;
      this.order = [...store.devices.values()];
      this.order.sort((a, b) => collator.compare(a.label, b.label) || (a.id < b.id ? -1 : 1));
    }
    return this.order;
  }
}
