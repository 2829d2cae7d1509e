// The list beside the map: ten thousand rows, of which only those in sight exist.

import { RISK_TEXT, STATUS_TEXT } from "../live/status.js";
import { ageText } from "../live/words.js";
import { makeGlyph, setGlyph } from "./glyph.js";

const ROW_PX = 52;
const SPARE = 6; // rows beyond each edge, so that a quick scroll shows no gap

export class DeviceList {
  /** `list` is the <ul>, inside the element that scrolls. `open(device)` is called for a chosen row. */
  constructor(list, { open, now }) {
    this.list = list;
    this.scroller = list.parentElement;
    this.open = open;
    this.now = now;
    this.rows = []; // devices, in order
    this.pool = new Map(); // device id -> row element
    this.current = 0; // the row that Tab reaches
    this.selected = null;
    this.scroller.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(this.scroller);
    list.addEventListener("keydown", (event) => this.key(event));
    list.addEventListener("focusin", ({ target }) => this.follow(target.closest("li")));
    list.addEventListener("click", ({ target }) => this.choose(target.closest("li")));
  }

  /** Show these devices, in this order. */
  set(devices) {
    const focused = this.rows[this.current]?.id;
    this.rows = devices;
    const again = devices.findIndex((device) => device.id === focused);
    this.current = again >= 0 ? again : Math.min(this.current, Math.max(0, devices.length - 1));
    this.list.style.height = `${devices.length * ROW_PX}px`;
    this.draw();
  }

  /** Mark a device as the open one and bring its row into sight. */
  select(device, { reveal = false } = {}) {
    this.selected = device;
    const at = this.rows.indexOf(device);
    if (at >= 0) this.current = at;
    if (at >= 0 && reveal) this.reveal(at);
    this.draw();
  }

  /** Put the keyboard on the row of a device, or on the list's current row. */
  focus(device = null) {
    const at = device ? this.rows.indexOf(device) : this.current;
    this.go(at >= 0 ? at : this.current);
  }

  /** Create the rows in sight, fill them, drop the others. Cheap: some twenty rows. */
  draw() {
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / ROW_PX) - SPARE);
    const last = Math.min(this.rows.length, Math.ceil((this.scroller.scrollTop + this.scroller.clientHeight) / ROW_PX) + SPARE);
    const wanted = new Set();
    for (let i = first; i < last; i += 1) wanted.add(i);
    if (this.rows[this.current]) wanted.add(this.current); // Tab must find its way into the list
    const kept = new Map();
    for (const at of wanted) {
      const device = this.rows[at];
      const row = this.pool.get(device.id) ?? this.make();
      this.fill(row, device, at);
      kept.set(device.id, row);
    }
    for (const [id, row] of this.pool) if (!kept.has(id)) row.remove();
    this.pool = kept;
    this.order([...wanted].sort((a, b) => a - b), kept);
  }

  // A screen reader goes by the order in the document, not by where rows are painted.
  order(places, rows) {
    let next = this.list.firstElementChild;
    for (const at of places) {
      const row = rows.get(this.rows[at].id);
      if (row === next) next = next.nextElementSibling;
      else this.list.insertBefore(row, next);
    }
  }

  make() {
    const row = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "fleet-row";
    const [name, status, age] = ["fleet-name", "fleet-status", "fleet-age"].map((className) => {
      const span = document.createElement("span");
      span.className = className;
      return span;
    });
    name.dir = "auto";
    button.append(makeGlyph(), name, status, age);
    row.append(button);
    return row;
  }

  fill(row, device, at) {
    const button = row.firstChild;
    const [glyph, name, status, age] = button.children;
    row.dataset.at = at;
    row.style.transform = `translateY(${at * ROW_PX}px)`;
    row.setAttribute("aria-setsize", this.rows.length);
    row.setAttribute("aria-posinset", at + 1);
    button.tabIndex = at === this.current ? 0 : -1;
    if (device === this.selected) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    setGlyph(glyph, device.status);
    write(name, device.label);
    const risk = device.status === "risk" ? `: ${(RISK_TEXT[device.risk] ?? device.risk).toLowerCase()}` : "";
    write(status, STATUS_TEXT[device.status] + risk);
    write(age, device.recorded_at === null ? "" : ageText(this.now() - device.recorded_at));
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / ROW_PX) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (!(event.key in steps)) return;
    event.preventDefault();
    this.go(this.current + steps[event.key]);
  }

  go(at) {
    if (!this.rows.length) return;
    this.current = Math.max(0, Math.min(this.rows.length - 1, at));
    this.reveal(this.current);
    this.draw();
    this.pool.get(this.rows[this.current].id).firstChild.focus({ preventScroll: true });
  }

  reveal(at) {
    const top = at * ROW_PX;
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (top + ROW_PX > scrollTop + clientHeight) this.scroller.scrollTop = top + ROW_PX - clientHeight;
  }

  follow(row) {
    if (row) this.current = Number(row.dataset.at);
  }

  choose(row) {
    const device = row && this.rows[Number(row.dataset.at)];
    if (device) this.open(device);
  }
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
