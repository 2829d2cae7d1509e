// The Gantt: a row for each driver, a bar for each stop. Draws only rows that changed; knows nothing of moves.

import { Plan } from "./plan.js";
import { lanesOf, openingOf } from "./framing.js";
import { clock, lateText, shareOf, spanOf, ticksIn } from "./scale.js";
import { stopSentence } from "./words.js";

const LEAST = 0.35; // per cent of the track: a bar that can still be hit
const CLOSEST_MS = 1_800_000; // the Gantt shows no less than half an hour
const STEP = 1.5;

function make(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

export class Gantt {
  /** `parts`: {scroller, head, rows, now}; `on`: {choose(driverId), focus(shipment)}. */
  constructor(parts, on) {
    this.parts = parts;
    this.on = on;
    this.rows = new Map(); // driver id -> element
    this.bars = new Map(); // shipment -> element
    this.zoom = 1;
    new ResizeObserver(() => this.fitBars()).observe(parts.scroller);
    parts.scroller.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    parts.scroller.addEventListener("keydown", (event) => this.key(event));
    parts.rows.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (row) on.choose(row.dataset.driver);
    });
    parts.rows.addEventListener("focusin", (event) => {
      const bar = event.target.closest(".stop-bar");
      if (bar) this.rove(bar);
    });
  }

  show(plan, older) {
    this.plan = plan;
    const { range } = plan.document;
    const first = !this.range;
    const shown = first ? null : this.shown();
    const stretched = String(range) !== String(this.range);
    if (stretched) older = null;
    this.range = range;
    const changed = new Set(plan.changedSince(older));
    const focused = document.activeElement?.closest?.(".stop-bar")?.dataset.shipment;
    for (const [id, row] of this.rows) if (!plan.drivers.has(id)) this.drop(id, row);
    let before = null;
    for (const driver of plan.drivers.values()) {
      let row = this.rows.get(driver.id);
      if (!row || changed.has(driver.id)) {
        const fresh = this.draw(driver);
        if (row) row.replaceWith(fresh);
        row = fresh;
        this.rows.set(driver.id, row);
      }
      const wanted = before ? before.nextSibling : this.parts.rows.firstChild;
      if (row !== wanted) this.parts.rows.insertBefore(row, wanted);
      before = row;
    }
    this.collect();
    if (stretched) this.showTimes(first ? openingOf(plan.document, this.width) : shown);
    else this.fitBars();
    if (focused) this.bars.get(focused)?.focus({ preventScroll: true });
    if (!this.parts.rows.querySelector('.stop-bar[tabindex="0"]')) this.rove(this.parts.rows.querySelector(".stop-bar"));
  }

  drop(id, row) {
    row.remove();
    this.rows.delete(id);
  }

  collect() {
    this.bars.clear();
    for (const bar of this.parts.rows.querySelectorAll(".stop-bar")) this.bars.set(bar.dataset.shipment, bar);
  }

  drawHead() {
    const { timezone } = this.plan.document;
    const marks = ticksIn(this.range, this.pxPerMs).map((ms) => {
      const mark = make("span", "hour", clock(ms, timezone));
      mark.style.left = `${shareOf(this.range, ms) * 100}%`;
      return mark;
    });
    this.parts.head.replaceChildren(...marks);
  }

  draw(driver) {
    const row = make("div", "row");
    row.dataset.driver = driver.id;
    row.setAttribute("role", "group");
    const sum = Plan.sum(driver);
    const late = sum.late ? `, ${sum.late} late by up to ${Math.round(sum.lateS / 60)} min` : "";
    row.setAttribute("aria-label", `${driver.name}, ${driver.kind || "on foot"}, ${sum.done} of ${sum.stops} stops done${late}`);
    row.append(this.drawName(driver, sum), this.drawTrack(driver));
    return row;
  }

  drawName(driver, sum) {
    const head = make("div", "row-head");
    head.append(make("span", "row-name", driver.name));
    const line = make("span", "row-facts", `${sum.done}/${sum.stops}`);
    if (sum.late) line.append(" ", make("b", "row-late", `${sum.late} late`));
    if (driver.draft) line.append(" ", make("i", "row-draft", "draft"));
    if (driver.flags.length) {
      const flag = make("b", "row-flag", "uncertain");
      flag.title = driver.flags.map(({ reason }) => reason).join("; ");
      line.append(" ", flag);
    }
    if (driver.kind) line.append(" ", driver.kind);
    head.append(line);
    return head;
  }

  drawTrack(driver) {
    const track = make("div", "track");
    if (driver.shift) track.append(this.band("shift", driver.shift));
    for (const [from, to] of driver.breaks) track.append(this.band("rest", [from, to], "break"));
    driver.stops.forEach((stop) => track.append(this.bar(stop, driver)));
    return track;
  }

  band(className, [from, to], title) {
    const band = make("div", `band ${className}`);
    const { left, width } = spanOf(this.range, from, to);
    band.style.left = `${left}%`;
    band.style.width = `${width}%`;
    if (title) band.title = title;
    return band;
  }

  bar(stop, driver) {
    const bar = make("button", "stop-bar");
    bar.type = "button";
    bar.tabIndex = -1;
    bar.dataset.shipment = stop.shipment;
    bar.dataset.state = stop.state;
    if (stop.open) bar.dataset.open = "true";
    if (stop.open && lateText(stop.late_s)) bar.dataset.late = "true";
    if (stop.doubt) bar.dataset.doubt = "true";
    const { left, width } = spanOf(this.range, stop.at, stop.until, LEAST);
    bar.style.left = `${left}%`;
    bar.style.width = `${width}%`;
    const sentence = stopSentence(stop, driver, this.plan.document.timezone);
    bar.setAttribute("aria-label", sentence);
    bar.title = sentence;
    bar.append(make("span", "stop-place", String(stop.place)));
    return bar;
  }

  /** One bar is in the tab order: the one last looked at. */
  rove(bar) {
    if (!bar) return;
    for (const old of this.parts.rows.querySelectorAll('.stop-bar[tabindex="0"]')) old.tabIndex = -1;
    bar.tabIndex = 0;
    this.on.focus(bar.dataset.shipment);
  }

  /** Left and right go along a route, up and down to the nearest stop in time of another driver. */
  walk(bar, key) {
    const shipment = bar.dataset.shipment;
    const { stop, driver } = this.plan.get(shipment);
    const drivers = [...this.plan.drivers.values()];
    let next = null;
    if (key === "ArrowLeft" || key === "ArrowRight") {
      next = driver.stops[driver.stops.indexOf(stop) + (key === "ArrowLeft" ? -1 : 1)];
    } else {
      const by = key === "ArrowUp" ? -1 : 1;
      for (let at = drivers.indexOf(driver) + by; !next && drivers[at]; at += by) {
        next = [...drivers[at].stops].sort((a, b) => Math.abs(a.at - stop.at) - Math.abs(b.at - stop.at))[0];
      }
    }
    if (next) this.look(next.shipment);
  }

  look(shipment) {
    const bar = this.bars.get(shipment);
    if (!bar) return;
    bar.focus();
    bar.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** Which row and which moment lie under a point of the window; null outside. */
  under(x, y) {
    const row = document.elementFromPoint(x, y)?.closest?.(".row");
    if (!row || !this.parts.rows.contains(row)) return null;
    const { left, width } = row.querySelector(".track").getBoundingClientRect();
    const [from, to] = this.range;
    return { driver: row.dataset.driver, ms: from + ((x - left) / width) * (to - from) };
  }

  /** Mark the driver's row, and where in it a stop would be put. `target` null: nothing. */
  mark(target, carried) {
    this.caret ??= make("div", "caret");
    this.caret.remove();
    for (const row of this.parts.rows.querySelectorAll(".row.aim")) row.classList.remove("aim");
    for (const bar of this.parts.rows.querySelectorAll(".stop-bar.carried")) bar.classList.remove("carried");
    if (carried) this.bars.get(carried)?.classList.add("carried");
    const row = target && this.rows.get(target.to);
    if (!row) return;
    row.classList.add("aim");
    const open = this.plan.open(target.to, carried);
    const next = target.before ? open.find((stop) => stop.shipment === target.before) : null;
    const last = open.at(-1);
    const driver = this.plan.drivers.get(target.to);
    const ms = next ? next.at : last ? last.until : (driver.shift?.[0] ?? this.range[0]);
    this.caret.style.left = `${shareOf(this.range, ms) * 100}%`;
    row.querySelector(".track").append(this.caret);
  }

  /** The times that a preview says, drawn as outlines above the bars of its routes. */
  ghosts(routes) {
    for (const ghost of this.parts.rows.querySelectorAll(".ghost")) ghost.remove();
    for (const [driver, route] of Object.entries(routes ?? {})) {
      const track = this.rows.get(driver)?.querySelector(".track");
      for (const visit of track ? route.stops : []) {
        const { left, width } = spanOf(this.range, visit.at, visit.until, LEAST);
        const ghost = make("div", visit.late_s >= 60 ? "ghost late" : "ghost");
        ghost.style.left = `${left}%`;
        ghost.style.width = `${width}%`;
        track.append(ghost);
      }
    }
  }

  choose(driverId) {
    for (const [id, row] of this.rows) row.classList.toggle("chosen", id === driverId);
  }

  tick(ms) {
    if (!this.range) return;
    const share = shareOf(this.range, ms);
    this.parts.now.hidden = share < 0 || share > 1;
    this.parts.now.style.setProperty("--share", share);
  }

  /** The width in px of what is seen of the tracks, beside the drivers' names. */
  get width() {
    return Math.max(1, this.parts.scroller.clientWidth - this.parts.names.offsetWidth);
  }

  get pxPerMs() {
    return Math.max(1, this.parts.head.clientWidth) / (this.range[1] - this.range[0]);
  }

  /** [from, to] in epoch ms of what is seen. */
  shown() {
    const from = this.range[0] + this.parts.scroller.scrollLeft / this.pxPerMs;
    return [from, from + this.width / this.pxPerMs];
  }

  showTimes([from, to]) {
    const whole = this.range[1] - this.range[0];
    this.zoom = Math.max(1, Math.min(whole / CLOSEST_MS, whole / (to - from)));
    this.parts.scroller.style.setProperty("--zoom", this.zoom);
    this.parts.scroller.scrollLeft = (from - this.range[0]) * this.pxPerMs;
    this.fitBars();
  }

  /** Closer (`by` > 1) or wider; what lies at `ms` stays where it is, else the left edge. */
  zoomBy(by, ms = this.shown()[0]) {
    const [from, to] = this.shown();
    const kept = (ms - from) / (to - from);
    const length = Math.max(CLOSEST_MS, (to - from) / by);
    this.showTimes([ms - kept * length, ms + (1 - kept) * length]);
  }

  wheel(event) {
    if (!event.ctrlKey || !this.range) return; // a pinch on a touch pad comes as this too
    event.preventDefault();
    const { left } = this.parts.head.getBoundingClientRect();
    this.zoomBy(Math.exp(-event.deltaY / 300), this.range[0] + (event.clientX - left) / this.pxPerMs);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.range) return;
    const at = this.plan.get(event.target.dataset.shipment)?.stop.at; // what is looked at stays in sight
    if (event.key === "+" || event.key === "=") this.zoomBy(STEP, at);
    else if (event.key === "-") this.zoomBy(1 / STEP, at);
    else return;
    event.preventDefault();
  }

  /** Bars that are too near to stand beside each other share the height of their row; hours are named where they fit. */
  fitBars() {
    if (!this.range || !this.plan) return;
    this.drawHead();
    const { pxPerMs } = this;
    for (const { stops } of this.plan.drivers.values()) {
      const lanes = lanesOf(stops, pxPerMs);
      stops.forEach(({ shipment }, n) => {
        const bar = this.bars.get(shipment);
        if (!bar) return;
        if (lanes[n] === null) delete bar.dataset.lane;
        else bar.dataset.lane = String(lanes[n]);
      });
    }
  }
}
