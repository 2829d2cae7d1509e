// The slider over a day and the bars above it: what a device did when. All of it works with the keyboard.

import { dayOf, timeOf } from "./day.js";
import { lanesOf } from "./day_story.js";

const STEPS_S = { ArrowLeft: -60, ArrowRight: 60, ArrowDown: -60, ArrowUp: 60, PageDown: -900, PageUp: 900 };

export class Timeline {
  /** `parts`: {lanes, slider, ticks, line, story}. `seek(ms)` is called for whatever moment the reader chooses. */
  constructor(parts, { seek }) {
    this.parts = parts;
    this.seek = seek;
    this.bounds = [0, 86_400_000];
    parts.slider.addEventListener("input", () => seek(this.bounds[0] + Number(parts.slider.value) * 1000));
    parts.slider.addEventListener("keydown", (event) => this.step(event));
    parts.lanes.addEventListener("keydown", (event) => this.walk(event));
    for (const root of [parts.lanes, parts.story]) {
      root.addEventListener("click", ({ target }) => {
        const from = target.closest("button")?.dataset.from;
        if (from !== undefined) seek(Number(from));
      });
    }
  }

  /** Another day: [start, end) in epoch ms. */
  range(bounds) {
    this.bounds = bounds;
    const [from, to] = bounds;
    this.parts.slider.max = Math.round((to - from) / 1000) - 1;
    const hours = (to - from) / 3_600_000;
    const ticks = [];
    for (let hour = 0; hour <= hours; hour += 3) {
      const tick = document.createElement("span");
      tick.style.left = `${(hour / hours) * 100}%`;
      tick.textContent = timeOf(from + hour * 3_600_000, { seconds: false });
      if (hour % 6) tick.className = "minor";
      if (hour === hours) tick.textContent = "24:00";
      ticks.push(tick);
    }
    this.parts.ticks.replaceChildren(...ticks);
  }

  /** The bars and the list of a day's entries. */
  show(entries) {
    this.parts.lanes.replaceChildren(...lanesOf(entries, this.bounds).map((lane) => this.lane(lane)));
    this.parts.story.replaceChildren(...entries.map((entry) => storyRow(entry)));
    const first = this.parts.lanes.querySelector("button");
    if (first) first.tabIndex = 0;
  }

  lane({ name, first, bars }) {
    const lane = document.createElement("div");
    lane.className = "lane";
    lane.setAttribute("role", "group");
    lane.setAttribute("aria-label", name);
    const title = document.createElement("span");
    title.className = "lane-name";
    title.setAttribute("aria-hidden", "true");
    title.textContent = first ? name : "";
    const room = document.createElement("div");
    room.className = "lane-bars";
    for (const { entry, left, width } of bars) {
      const bar = document.createElement("button");
      bar.type = "button";
      bar.className = "bar-of-day";
      bar.tabIndex = -1;
      bar.dataset.kind = entry.kind;
      bar.dataset.from = entry.from;
      bar.dataset.to = entry.to;
      bar.style.left = `${left * 100}%`;
      bar.style.width = `${width * 100}%`;
      bar.title = sentence(entry);
      bar.setAttribute("aria-label", bar.title);
      const text = document.createElement("span");
      text.textContent = entry.lane === "Motion" ? entry.detail : entry.title;
      bar.append(text);
      room.append(bar);
    }
    lane.append(title, room);
    return lane;
  }

  /** Put everything at a moment; `says` is what a reader of the slider hears beside the time. */
  at(ms, says) {
    const [from, to] = this.bounds;
    const share = (ms - from) / (to - from);
    const { slider, line } = this.parts;
    slider.value = Math.round((ms - from) / 1000);
    slider.setAttribute("aria-valuetext", says ? `${timeOf(ms)}, ${says}` : timeOf(ms));
    slider.style.setProperty("--share", share);
    line.style.setProperty("--share", share);
    for (const button of this.parts.story.querySelectorAll("button")) {
      const now = Number(button.dataset.from) <= ms && ms < Number(button.dataset.to);
      if (now) button.setAttribute("aria-current", "time");
      else button.removeAttribute("aria-current");
    }
  }

  step(event) {
    const [from, to] = this.bounds;
    const now = from + Number(this.parts.slider.value) * 1000;
    const wanted = { Home: from, End: to - 1000 }[event.key] ?? now + (STEPS_S[event.key] ?? NaN) * (event.shiftKey ? 1000 / 6 : 1000);
    if (Number.isNaN(wanted)) return;
    event.preventDefault();
    this.seek(wanted);
  }

  // Left and right go along a lane, up and down to the nearest bar of the next.
  walk(event) {
    const bar = event.target.closest("button");
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!bar || !steps) return;
    const lanes = [...this.parts.lanes.children].map((lane) => [...lane.querySelectorAll("button")]);
    const row = lanes.findIndex((bars) => bars.includes(bar));
    const other = lanes[row + steps[1]] ?? lanes[row];
    const distance = (one) => Math.abs(Number(one.dataset.from) - Number(bar.dataset.from));
    const next = steps[0] ? lanes[row][lanes[row].indexOf(bar) + steps[0]] : [...other].sort((a, b) => distance(a) - distance(b))[0];
    if (!next) return;
    event.preventDefault();
    bar.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
}

function storyRow(entry) {
  const row = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.kind = entry.kind;
  button.dataset.from = entry.from;
  button.dataset.to = entry.to;
  for (const [className, text] of [["story-time", spanOf(entry)], ["story-title", entry.title], ["story-detail", entry.detail]]) {
    const part = document.createElement("span");
    part.className = className;
    part.textContent = text;
    button.append(part);
  }
  row.append(button);
  return row;
}

function spanOf({ from, to }) {
  const end = dayOf(to) === dayOf(from) ? timeOf(to, { seconds: false }) : "24:00";
  return `${timeOf(from, { seconds: false })}–${end}`;
}

function sentence(entry) {
  return `${spanOf(entry)} ${entry.title}${entry.detail ? `, ${entry.detail}` : ""}`;
}
