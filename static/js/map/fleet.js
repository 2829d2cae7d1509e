// The controls that say which devices are meant: search box, status buttons (the legend, with counts), zone and hub.

import { STATUSES, STATUS_TEXT } from "../live/status.js";
import { Criteria, OUTSIDE, sift } from "./criteria.js";
import { makeGlyph, setGlyph } from "./glyph.js";

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const IN_ORDER = ["risk", ...STATUSES.filter((status) => status !== "risk")]; // what needs a look comes first
const SHORT_TEXT = { ...STATUS_TEXT, waiting: "Waiting" };

export class FleetFilter {
  /** `parts`: {search, buttons, zone, hub, clear}. `changed()` is called when the reader asks for other devices. */
  constructor(parts, { changed }) {
    this.parts = parts;
    this.changed = changed;
    this.criteria = new Criteria();
    this.zoneNames = new Map();
    this.buttons = new Map();
    for (const status of [null, ...IN_ORDER]) this.buttons.set(status, this.add(parts.buttons, status));
    parts.search.addEventListener("input", () => this.ask({ text: parts.search.value }));
    parts.zone.addEventListener("change", () => this.ask({ zone: parts.zone.value }));
    parts.hub.addEventListener("change", () => this.ask({ hub: parts.hub.value }));
    parts.clear.addEventListener("click", () => {
      this.set(new Criteria());
      changed();
      parts.search.focus();
    });
    this.show();
  }

  add(buttons, status) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "fleet-filter";
    const count = document.createElement("b");
    const word = document.createElement("span");
    word.textContent = status === null ? "All" : SHORT_TEXT[status];
    if (status !== null) {
      const glyph = makeGlyph();
      setGlyph(glyph, status);
      button.append(glyph);
      button.dataset.status = status;
    }
    button.append(word, count);
    button.addEventListener("click", () => this.toggle(status));
    buttons.append(button);
    return { button, count };
  }

  toggle(status) {
    const statuses = new Set(status === null ? [] : this.criteria.statuses);
    if (status !== null && !statuses.delete(status)) statuses.add(status);
    this.ask({ statuses: [...statuses] });
  }

  ask(parts) {
    this.criteria = this.criteria.with(parts);
    this.show();
    this.changed();
  }

  /** Take over criteria from elsewhere: the address, a zone's card. */
  set(criteria) {
    this.criteria = criteria;
    this.parts.search.value = criteria.text;
    this.show();
  }

  /** Names of the zones in force by id: what the zone filter offers. */
  zones(names) {
    this.zoneNames = names;
  }

  show() {
    const { criteria, parts } = this;
    for (const [status, { button }] of this.buttons) {
      button.setAttribute("aria-pressed", String(status === null ? !criteria.statuses.size : criteria.statuses.has(status)));
    }
    parts.clear.hidden = criteria.empty;
  }

  /** The accepted devices by name, and those of which the map must show or hide the marker. */
  apply(store) {
    // of a past moment nobody noted who was in which zone
    const criteria = store.zoneless ? this.criteria.with({ zone: "" }) : this.criteria;
    const { rows, moved, counts } = sift(this.sorted(store), criteria);
    this.count(counts);
    if (store.zoneless) this.parts.zone.parentElement.hidden = true;
    return { rows, moved };
  }

  count({ all, statuses, zones, hubs }) {
    for (const [status, { button, count }] of this.buttons) {
      const number = status === null ? all : statuses[status];
      if (count.textContent !== String(number)) count.textContent = number;
      button.hidden = status === "waiting" && number === 0 && !this.criteria.statuses.has("waiting");
    }
    const named = [...this.zoneNames].sort((a, b) => collator.compare(a[1], b[1]));
    if (named.length) named.push([OUTSIDE, "Outside every zone"]);
    this.offer(this.parts.zone, "Every zone", this.criteria.zone, named, zones);
    const known = [...hubs.keys()].sort(collator.compare).map((hub) => [hub, hub]);
    this.offer(this.parts.hub, "Every hub", this.criteria.hub, known, hubs);
  }

  // Options change under the reader only when something changed, and never while the list hangs open.
  offer(select, every, chosen, options, counts) {
    if (chosen && !options.some(([value]) => value === chosen)) options.push([chosen, chosen.startsWith("gf_") ? "A zone not in force" : chosen]);
    select.parentElement.hidden = options.length === 0;
    const told = JSON.stringify([chosen, options.map(([value, text]) => [value, text, counts.get(value) ?? 0])]);
    if (select.told === told || (document.activeElement === select && select.value === chosen && select.options.length > 1)) return;
    select.told = told;
    select.replaceChildren(new Option(every, ""), ...options.map(([value, text]) => new Option(`${text} (${counts.get(value) ?? 0})`, value)));
    select.value = chosen;
    select.dataset.set = String(Boolean(chosen));
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
