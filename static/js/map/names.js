// The names under the markers, with their age once it matters: painted once by a 2D canvas into a texture, gliding with their markers on the GPU.
//
// The browser's own text engine paints them, so every script works and no glyph server is needed.

import { shownAt } from "../live/glide.js";
import { RISK_TEXT } from "../live/status.js";
import { setPlace } from "./markers.js";
import { choose } from "./name_layout.js";
import { NAME_FRAGMENT, NAME_VERTEX, program } from "./shaders.js";
import { clampTexture } from "./shape_sheet.js";
import { split, toScreen } from "./view.js";

const FLOATS = 13; // from high.xy low.xy, glide, sheet left top width height, drop
const LIMIT = 220;
const SHEET = 2048; // device pixels across the atlas
const FONT = '600 11px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif';
const WIDEST = 132; // of the name alone
const AGE_WIDEST = 56;
const HEIGHT = 17;
const DROP = 11; // from the marker's middle to the top of its name
const DROP_SELECTED = 23;
const CLEARANCE = 7;

export class NameSheet {
  /** `clock()` is the moment, on the performance clock, from which the marker layer counts its seconds. */
  constructor(clock) {
    this.clock = clock;
    this.shown = [];
    this.places = new Map(); // text -> {left, top, width, height} on the sheet, device pixels
    this.pen = [0, 0];
    this.scratch = document.createElement("canvas");
    this.ink = this.scratch.getContext("2d", { willReadFrequently: true });
  }

  onAdd(map, gl) {
    this.gl = gl;
    this.made = program(gl, NAME_VERTEX, NAME_FRAGMENT);
    this.texture = gl.createTexture();
    this.buffer = gl.createBuffer();
    this.array = gl.createVertexArray();
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    for (const [name, size, offset] of [["a_from", 4, 0], ["a_glide", 4, 4], ["a_sheet", 4, 8], ["a_drop", 1, 12]]) {
      const place = this.made.attribute(name);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, size, gl.FLOAT, false, FLOATS * 4, offset * 4);
      gl.vertexAttribDivisor(place, 1);
    }
    gl.bindVertexArray(null);
    this.forget();
  }

  /** Colours of the letters and of their halo, as CSS. */
  paint({ ink, halo }) {
    this.colours = { ink, halo };
    this.forget();
  }

  /** Start the sheet afresh: other colours, another pixel ratio, another clock. */
  forget() {
    this.places.clear();
    this.pen = [0, 0];
    this.cleared = true;
    this.stale = true;
  }

  /** Choose the names for this view: `devices` in order of importance, those of the last choice staying first. */
  arrange(devices, view, now) {
    const kept = new Set(this.shown);
    const candidates = [];
    const points = [];
    for (const device of devices) {
      if (!device.glide || device.filteredOut) continue;
      const [x, y] = toScreen(view, ...shownAt(device.glide, now));
      if (x < -80 || y < -40 || x > view.width + 80 || y > view.height + 40) continue;
      points.push([x, y]);
      const width = this.widthOf(device) + 4;
      const box = { left: x - width / 2, top: y + dropOf(device), width, height: HEIGHT, device, always: device.selected };
      candidates.push(box);
    }
    const rank = ({ always, device }) => (always ? 0 : device.status === "risk" ? 1 : kept.has(device) ? 2 : 3);
    candidates.sort((a, b) => rank(a) - rank(b));
    const chosen = choose(candidates, points, { limit: LIMIT, clearance: CLEARANCE });
    this.shown = chosen.map((i) => candidates[i].device);
    this.stale = true;
  }

  /** Some of the shown devices glide anew. */
  refresh() {
    this.stale = true;
  }

  widthOf(device) {
    const risk = device.status === "risk" ? (RISK_TEXT[device.risk] ?? "") : "";
    const told = `${device.label}\n${device.since}\n${risk}`;
    if (device.measured !== told) {
      this.ink.font = FONT;
      device.measured = told;
      const name = shorten(this.ink, device.label);
      device.caption = [name, risk.toLowerCase(), device.since].filter(Boolean).join(" · ");
      device.captionWidth = Math.ceil(this.ink.measureText(device.caption).width) + 6;
    }
    return device.captionWidth;
  }

  render(gl, view, now) {
    if (!this.shown.length || !this.colours) return;
    gl.useProgram(this.made.program);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    if (this.cleared) this.blank(gl);
    if (this.stale) this.upload(gl);
    gl.bindVertexArray(this.array);
    const ratio = window.devicePixelRatio;
    const { uniforms } = this.made;
    setPlace(gl, uniforms, view, (now - this.clock()) / 1000);
    gl.uniform4f(uniforms.u_pixel, 2 / (view.width * ratio), 2 / (view.height * ratio), 1 / SHEET, 1 / SHEET);
    gl.uniform1i(uniforms.u_atlas, 0);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.shown.length);
    gl.bindVertexArray(null);
  }

  upload(gl) {
    const base = this.clock();
    const rowsLeft = (SHEET - this.pen[1]) / (HEIGHT * window.devicePixelRatio) - 2;
    if (rowsLeft * SHEET < this.shown.length * (WIDEST + AGE_WIDEST) * window.devicePixelRatio) {
      this.places.clear(); // full of names that are no longer shown: paint those that are afresh
      this.pen = [0, 0];
    }
    const data = new Float32Array(this.shown.length * FLOATS);
    this.shown.forEach((device, i) => {
      const { glide } = device;
      const sheet = this.placeOf(gl, device);
      const [xHigh, xLow] = split(glide.x);
      const [yHigh, yLow] = split(glide.y);
      data.set(
        [
          xHigh, yHigh, xLow, yLow, glide.dx, glide.dy, (glide.began - base) / 1000, 1000 / glide.lasts,
          sheet.left, sheet.top, sheet.width, sheet.height, dropOf(device) * window.devicePixelRatio,
        ],
        i * FLOATS,
      );
    });
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
    this.stale = false;
  }

  placeOf(gl, device) {
    this.widthOf(device);
    const there = this.places.get(device.caption);
    if (there) return there;
    const ratio = window.devicePixelRatio;
    const width = Math.ceil(device.captionWidth * ratio);
    const height = Math.ceil(HEIGHT * ratio);
    if (this.pen[0] + width > SHEET) this.pen = [0, this.pen[1] + height];
    if (this.pen[1] + height > SHEET) return { left: 0, top: 0, width: 0, height: 0 }; // upload makes room first
    const place = { left: this.pen[0], top: this.pen[1], width, height };
    this.pen[0] += width;
    this.places.set(device.caption, place);
    this.write(gl, device.caption, place, ratio);
    return place;
  }

  write(gl, caption, place, ratio) {
    const { ink, scratch } = this;
    scratch.width = place.width;
    scratch.height = place.height;
    ink.scale(ratio, ratio);
    ink.font = FONT;
    ink.textAlign = "left";
    ink.textBaseline = "middle";
    ink.lineJoin = "round";
    ink.lineWidth = 3;
    ink.strokeStyle = this.colours.halo;
    ink.fillStyle = this.colours.ink;
    ink.strokeText(caption, 3, HEIGHT / 2);
    ink.fillText(caption, 3, HEIGHT / 2);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
    gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, place.left, place.top, gl.RGBA, gl.UNSIGNED_BYTE, scratch);
  }

  blank(gl) {
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, SHEET, SHEET, 0, gl.RGBA, gl.UNSIGNED_BYTE, null);
    clampTexture(gl);
    this.cleared = false;
  }
}

function dropOf(device) {
  return device.selected ? DROP_SELECTED : DROP;
}

function shorten(ink, text) {
  const line = text.replace(/\s+/g, " ").trim();
  if (ink.measureText(line).width <= WIDEST) return line;
  const letters = [...line].slice(0, 60);
  while (letters.length > 1 && ink.measureText(`${letters.join("")}…`).width > WIDEST) letters.pop();
  return `${letters.join("").trimEnd()}…`;
}
