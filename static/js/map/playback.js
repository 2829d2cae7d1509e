// Playback: a clock of its own over one day, for one device or for the whole fleet as it was known.

import { ageText } from "../live/words.js";
import { boundsOfDay, dayOf, timeOf } from "./day.js";
import { Timeline } from "./timeline.js";

const SETTLED_MS = 250; // the slider rests that long before the server is asked
const FRAME_MS = 1000 / 30;

export class Playback {
  /**
   * `root` is the section. `scene` draws: begin(device), end(), load(moment) -> {entries, says} and show(ms) -> words.
   * `changed()` is called when the address should say something else; `closed()` when the reader is through.
   */
  constructor(root, { scene, changed, closed, now, calm }) {
    Object.assign(this, { root, scene, changed, closed, now, calm });
    const at = (name) => root.querySelector(`#playback-${name}`);
    const names = ["date", "earlier", "later", "known", "close", "play", "speed", "time", "says", "lanes", "slider", "ticks", "line", "story", "who", "error", "stories"];
    this.parts = Object.fromEntries(names.map((name) => [name, at(name)]));
    this.timeline = new Timeline(this.parts, { seek: (ms) => this.seek(ms, { settle: true }) });
    const { parts } = this;
    parts.date.addEventListener("change", () => parts.date.value && this.day(parts.date.value));
    parts.earlier.addEventListener("click", () => this.shift(-1));
    parts.later.addEventListener("click", () => this.shift(1));
    parts.known.addEventListener("change", () => this.load());
    parts.close.addEventListener("click", () => this.close());
    parts.play.addEventListener("click", () => this.play(!this.playing));
    root.addEventListener("keydown", (event) => this.key(event));
  }

  get open() {
    return !this.root.hidden;
  }

  /** The devices of that time, {devices, naming}, while the whole fleet is played. */
  get fleet() {
    return this.open && !this.device ? this.scene.fleet : null;
  }

  /** {day, time, known} for the address; null when closed. */
  get state() {
    if (!this.open) return null;
    return { day: dayOf(this.bounds[0]), time: timeOf(this.at), known: this.device !== null && this.parts.known.checked };
  }

  /** Play a device's day, or the fleet's with `device` null. `time` "14:05:00" or "" for the start or the present. */
  show(device, { day = dayOf(this.now()), time = device ? "" : timeOf(this.now()), known = false } = {}) {
    this.device = device;
    this.root.hidden = false;
    this.root.dataset.subject = device ? "device" : "fleet";
    this.parts.who.textContent = device ? device.label : "All devices";
    this.parts.known.checked = known || !device;
    this.parts.known.disabled = !device; // the fleet is always shown as it was known
    this.scene.begin(device);
    this.timeline.show([]);
    this.day(day, time);
    this.parts.slider.focus({ preventScroll: true });
  }

  close() {
    if (!this.open) return;
    this.play(false);
    this.root.hidden = true;
    this.asked = null;
    this.scene.end();
    this.closed();
  }

  day(day, time = timeOf(this.at ?? this.now())) {
    this.bounds = boundsOfDay(day);
    this.parts.date.value = day;
    this.parts.date.max = dayOf(this.now());
    this.parts.later.disabled = this.bounds[1] > this.now();
    this.timeline.range(this.bounds);
    const [hours, minutes, seconds] = (time || "00:00:00").split(":").map(Number);
    const [year, month, date] = day.split("-").map(Number);
    this.entries = [];
    this.fresh = !time; // nobody chose a moment: the first position of the day is one
    this.at = this.within(new Date(year, month - 1, date, hours, minutes, seconds).getTime());
    this.draw();
    this.load();
  }

  // Of this day, and not later than the present.
  within(ms) {
    const [from, to] = this.bounds;
    return Math.max(from, Math.min(to - 1000, ms, this.now()));
  }

  shift(days) {
    const noon = (this.bounds[0] + this.bounds[1]) / 2;
    const [year, month, date] = dayOf(noon).split("-").map(Number);
    this.day(dayOf(new Date(year, month - 1, date + days, 12).getTime()));
  }

  /** Go to a moment. `settle`: the reader's hand is on it, ask the server when it rests. */
  seek(ms, { settle = false } = {}) {
    this.at = this.within(ms);
    this.fresh &&= !settle;
    this.draw();
    if (!this.parts.known.checked) return this.changed();
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.load(), settle ? SETTLED_MS : 0);
    return undefined;
  }

  /** The reader asks for other devices of the fleet. */
  refilter() {
    if (!this.device) this.scene.placeFleet();
    this.draw();
  }

  draw() {
    const { place, doing } = this.scene.show(this.at, this.entries ?? []);
    this.parts.time.textContent = timeOf(this.at);
    const age = place ? `Position ${ageText(this.at - place.recordedAt).replace(" ago", " old")}.` : "";
    const says = [doing, age].filter(Boolean).join(" ");
    if (this.parts.says.textContent !== says) this.parts.says.textContent = says;
    this.timeline.at(this.at, doing);
  }

  /** Read the day, or what was known at the slider's moment: one question at a time, the newest last. */
  async load() {
    if (this.loading) {
      this.again = true;
      return;
    }
    this.loading = true;
    this.again = false;
    const [device, day] = [this.device, this.bounds[0]];
    const known = this.parts.known.checked ? this.at : null;
    let failed = "";
    const loaded = await this.scene.load({ device, bounds: this.bounds, known }).catch((error) => {
      failed = error.message;
      return null;
    });
    this.loading = false;
    if (!this.open) return;
    if (this.again) return this.load();
    this.parts.error.textContent = failed;
    this.parts.error.hidden = !failed;
    if (!loaded || device !== this.device || day !== this.bounds[0]) return;
    this.take(loaded);
  }

  take({ entries, first }) {
    const told = JSON.stringify(entries);
    if (told !== this.told) this.timeline.show(entries);
    this.told = told;
    this.entries = entries;
    this.parts.stories.hidden = entries.length === 0;
    if (this.fresh && first !== null) this.at = Math.max(this.at, first);
    this.fresh = false;
    this.draw();
    this.changed();
  }

  play(on) {
    this.playing = on;
    this.parts.play.setAttribute("aria-pressed", String(on));
    this.parts.play.dataset.playing = String(on);
    this.parts.play.setAttribute("aria-label", on ? "Pause" : "Play");
    cancelAnimationFrame(this.ticking);
    if (!on) return;
    if (this.at >= Math.min(this.bounds[1] - 1000, this.now() - 1000)) this.seek(this.bounds[0]);
    this.tickedAt = performance.now();
    this.ticking = requestAnimationFrame((now) => this.tick(now));
  }

  tick(now) {
    if (!this.playing) return;
    this.ticking = requestAnimationFrame((next) => this.tick(next));
    const passed = now - this.tickedAt;
    if (passed < (this.calm() ? 1000 : FRAME_MS - 3)) return;
    this.tickedAt = now;
    const before = this.at;
    this.at = this.within(this.at + Math.min(passed, 2000) * Number(this.parts.speed.value));
    this.draw();
    if (this.parts.known.checked && !this.loading) this.load();
    if (this.at === before) {
      this.play(false);
      this.changed();
    }
  }

  key(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      this.close();
    } else if (event.key === " " && event.target === this.parts.slider) {
      event.preventDefault();
      this.play(!this.playing);
    }
  }
}
