// A small map on a canvas: coast and borders, one dot, a flight from the whole world to it. No WebGL needed.

import { feature, mesh } from "../../vendor/topojson-client/src/index.js";

const FLIGHT_MS = 1400;
const WORLD = { longitude: 10, latitude: 22, span: 330 }; // degrees of longitude across the canvas
const NEAR = 24;

export class SmallMap {
  constructor(canvas, countriesUrl) {
    this.canvas = canvas;
    this.view = { ...WORLD };
    this.dot = null;
    this.calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    new ResizeObserver(() => this.draw()).observe(canvas);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    this.load(countriesUrl);
  }

  async load(url) {
    try {
      const answer = await fetch(url);
      if (!answer.ok) return;
      const world = await answer.json();
      this.land = rings(feature(world, world.objects.land ?? world.objects.countries));
      this.borders = mesh(world, world.objects.countries, (a, b) => a !== b).coordinates;
    } catch {
      return; // without the atlas the dot stands on a plain grid
    }
    this.draw();
  }

  /** Fly to a place and mark it. */
  show(longitude, latitude, name) {
    const from = { ...this.view };
    const to = { longitude, latitude: Math.max(-75, Math.min(75, latitude)), span: NEAR };
    this.dot = { longitude, latitude };
    this.canvas.setAttribute("aria-label", `Map with ${name} at ${latitude.toFixed(4)}, ${longitude.toFixed(4)}`);
    const near = from.span < NEAR * 1.5 && Math.abs(from.longitude - longitude) < NEAR / 2 && Math.abs(from.latitude - latitude) < NEAR / 4;
    if (this.calm.matches || near) {
      this.view = near ? { ...from, longitude, latitude: to.latitude } : to;
      return this.draw();
    }
    const started = performance.now();
    cancelAnimationFrame(this.flight);
    const step = (now) => {
      const part = Math.min(1, Math.max(0, (now - started) / FLIGHT_MS));
      const eased = part < 0.5 ? 4 * part ** 3 : 1 - (-2 * part + 2) ** 3 / 2;
      const span = from.span * (to.span / from.span) ** eased;
      // the centre moves as the scale does, so that the place grows out of the world
      const along = to.span === from.span ? eased : (from.span - span) / (from.span - to.span);
      this.view = {
        longitude: from.longitude + (to.longitude - from.longitude) * along,
        latitude: from.latitude + (to.latitude - from.latitude) * along,
        span,
      };
      this.draw();
      if (part < 1) this.flight = requestAnimationFrame(step);
    };
    this.flight = requestAnimationFrame(step);
    return undefined;
  }

  draw() {
    const { canvas } = this;
    const box = canvas.getBoundingClientRect();
    const ratio = window.devicePixelRatio || 1;
    if (!box.width) return;
    canvas.width = Math.round(box.width * ratio);
    canvas.height = Math.round(box.height * ratio);
    const pen = canvas.getContext("2d");
    const colour = colours(canvas);
    const place = this.projection(canvas.width, canvas.height);
    pen.fillStyle = colour.water;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.lineJoin = "round";
    if (this.land) {
      trace(pen, this.land, place, true);
      pen.fillStyle = colour.land;
      pen.fill("evenodd");
      pen.lineWidth = ratio;
      pen.strokeStyle = colour.line;
      trace(pen, this.borders, place, false);
      pen.stroke();
    }
    if (this.dot) this.mark(pen, place, ratio, colour);
  }

  projection(width, height) {
    const { longitude, latitude, span } = this.view;
    const scale = width / span;
    const stretch = 1 / Math.max(0.25, Math.cos((latitude * Math.PI) / 180));
    return (x, y) => [width / 2 + (x - longitude) * scale, height / 2 - (y - latitude) * scale * stretch];
  }

  mark(pen, place, ratio, colour) {
    const [x, y] = place(this.dot.longitude, this.dot.latitude);
    pen.beginPath();
    pen.arc(x, y, 18 * ratio, 0, 2 * Math.PI);
    pen.fillStyle = colour.halo;
    pen.globalAlpha = 0.22;
    pen.fill();
    pen.globalAlpha = 1;
    pen.beginPath();
    pen.arc(x, y, 7 * ratio, 0, 2 * Math.PI);
    pen.fillStyle = colour.halo;
    pen.fill();
    pen.lineWidth = 2.5 * ratio;
    pen.strokeStyle = colour.ring;
    pen.stroke();
  }
}

function colours(element) {
  const style = getComputedStyle(element);
  const of = (name) => style.getPropertyValue(name).trim();
  return { water: of("--small-water"), land: of("--small-land"), line: of("--small-line"), halo: of("--ok"), ring: of("--card") };
}

/** Every ring of a FeatureCollection or Feature of polygons. */
function rings(shape) {
  const found = [];
  const take = (geometry) => {
    if (!geometry) return;
    if (geometry.type === "Polygon") found.push(...geometry.coordinates);
    if (geometry.type === "MultiPolygon") for (const polygon of geometry.coordinates) found.push(...polygon);
    if (geometry.type === "GeometryCollection") geometry.geometries.forEach(take);
  };
  if (shape.type === "FeatureCollection") shape.features.forEach((one) => take(one.geometry));
  else take(shape.geometry);
  return found;
}

function trace(pen, lines, place, closed) {
  pen.beginPath();
  for (const line of lines) {
    line.forEach(([longitude, latitude], index) => {
      const [x, y] = place(longitude, latitude);
      if (index === 0) pen.moveTo(x, y);
      else pen.lineTo(x, y);
    });
    if (closed) pen.closePath();
  }
}
