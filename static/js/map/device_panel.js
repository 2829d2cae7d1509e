// The panel of the open device: its latest facts, in words, kept fresh.

import { RISK_TEXT, STATUS_TEXT } from "../live/status.js";
import { accuracyText, ageText, batteryText, headingText, placeText, spanText, speedText } from "../live/words.js";
import { makeGlyph, setGlyph } from "./glyph.js";
import { tripLines } from "./trip_words.js";

const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export class DevicePanel {
  /** `root` is the section; the callbacks are close(), follow(on), zoom() and play(); zonesOf(device) names zones. */
  constructor(root, { close, follow, zoom, play, zonesOf, now }) {
    this.root = root;
    this.now = now;
    this.zonesOf = zonesOf;
    this.device = null;
    this.facts = new Map();
    const at = (name) => root.querySelector(`#device-${name}`);
    this.parts = Object.fromEntries(["name", "status", "facts", "track", "follow", "copy", "trip"].map((n) => [n, at(n)]));
    this.glyph = makeGlyph();
    at("glyph").append(this.glyph);
    at("close").addEventListener("click", close);
    at("zoom").addEventListener("click", zoom);
    at("play").addEventListener("click", play);
    this.parts.follow.addEventListener("click", () => follow(this.parts.follow.getAttribute("aria-pressed") !== "true"));
    this.parts.copy.addEventListener("click", () => this.copy());
  }

  /** Show a device, or nothing. */
  show(device, { focus = false } = {}) {
    this.device = device;
    this.root.hidden = !device;
    if (!device) return;
    this.following(false);
    this.track("");
    this.trips([]);
    this.draw();
    if (focus) this.parts.name.focus({ preventScroll: true });
  }

  following(on) {
    this.parts.follow.setAttribute("aria-pressed", String(on));
    this.parts.follow.textContent = on ? "Following" : "Follow";
  }

  /** A sentence about today's track. */
  track(text) {
    this.parts.track.textContent = text;
  }

  /** The trip the device is on, of those of its day. */
  trips(trips) {
    const lines = tripLines(trips, this.now());
    this.parts.trip.hidden = lines.length === 0;
    this.parts.trip.replaceChildren(
      ...lines.map((line) => {
        const row = document.createElement("p");
        row.textContent = line;
        return row;
      }),
    );
  }

  /** Say everything again: called when a fix came in and once a second for the ages. */
  draw() {
    const { device } = this;
    if (!device) return;
    const { name, status, follow, copy } = this.parts;
    write(name, device.label);
    setGlyph(this.glyph, device.status);
    write(status, this.statusText(device));
    follow.disabled = copy.disabled = this.root.querySelector("#device-zoom").disabled = device.recorded_at === null;
    this.fact("Seen", device.recorded_at === null ? null : ageText(this.now() - device.recorded_at));
    this.fact("Time", device.recorded_at === null ? null : clock.format(device.recorded_at));
    this.fact("In zone", this.zonesOf(device).join(", ") || null);
    this.fact("Hub", device.hub || null);
    this.fact("Speed", speedText(device.speed_mps));
    this.fact("Heading", headingText(device.heading_deg));
    this.fact("Place", device.recorded_at === null ? null : placeText(device.longitude, device.latitude));
    this.fact("Accuracy", accuracyText(device.accuracy_m));
    this.fact("Battery", batteryText(device.battery, device.charging));
    this.fact("Activity", device.activity || null);
    this.fact("Device id", device.external_id);
  }

  statusText(device) {
    const word = STATUS_TEXT[device.status];
    if (device.status === "risk") return `${word}: ${(RISK_TEXT[device.risk] ?? device.risk).toLowerCase()}`;
    if (device.status === "idle") return `${word}, standing for ${spanText(this.now() - device.moved_at)}`;
    if (device.status === "offline") return `${word}, silent for ${spanText(this.now() - device.recorded_at)}`;
    return word;
  }

  fact(label, text) {
    let pair = this.facts.get(label);
    if (!pair) {
      pair = [document.createElement("dt"), document.createElement("dd")];
      pair[0].textContent = label;
      this.parts.facts.append(...pair);
      this.facts.set(label, pair);
    }
    for (const part of pair) part.hidden = text === null;
    if (text !== null) write(pair[1], text);
  }

  async copy() {
    const { copy } = this.parts;
    const text = placeText(this.device.longitude, this.device.latitude);
    let said = "Copied";
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      this.selectPlace(); // no clipboard for us: the reader's own Ctrl+C finds it selected
      said = "Press Ctrl+C";
    }
    copy.textContent = said;
    setTimeout(() => (copy.textContent = "Copy place"), 1600);
  }

  selectPlace() {
    getSelection().selectAllChildren(this.facts.get("Place")[1]);
  }
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
