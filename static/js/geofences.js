// The map editor of geofences: brings list, form, map, drawing, uploads and refusals together.

import { BorderLayers } from "./geofences/border_layers.js";
import { boundsOf, openChart } from "./geofences/chart.js";
import { Drawing } from "./geofences/drawing.js";
import { FaultList } from "./geofences/fault_list.js";
import { get, post, postFile } from "./geofences/server.js";
import { Uploads } from "./geofences/uploads.js";
import { ZoneForm } from "./geofences/zone_form.js";
import { ZoneList } from "./geofences/zone_list.js";
import { middleOf } from "./map/earth.js";

const element = (id) => document.getElementById(id);
const HINTS = {
  polygon: "Click the corners; click the first one again to close it.",
  circle: "Click the centre, then where the circle should end.",
  linestring: "Click along the way; click the last point again to end it.",
  hole: "Draw the hole inside the geofence.",
  part: "Draw the further part.",
};
const KINDS = { polygon: "polygon", circle: "circle", linestring: "corridor" };

/** A point for each draft, where its name stands. */
function namesOf({ features }) {
  const named = [];
  for (const { properties, geometry } of features) {
    const middle = properties.of === "draft" ? middleOf(geometry) : null;
    if (middle) named.push({ type: "Feature", properties, geometry: { type: "Point", coordinates: [middle.x, middle.y] } });
  }
  return { type: "FeatureCollection", features: named };
}

class Editor {
  constructor(values) {
    this.values = values;
    this.zones = new Map(); // id -> properties of its border
    this.borders = { type: "FeatureCollection", features: [] };
    this.opened = null; // {id | null, kind, document}
    this.layers = new BorderLayers(element("editor"));
    this.form = new ZoneForm(element("form"));
    this.list = new ZoneList(
      { list: element("list"), search: element("find"), none: element("none"), count: element("count") },
      (id) => this.open(id, { fly: true }),
    );
  }

  async start() {
    const loading = this.load();
    try {
      const { map } = await openChart(element("map"), this.values, {
        dress: (made) => this.layers.dress(made),
        recolour: (made) => {
          this.layers.recolour(made);
          this.drawing?.recolour();
        },
        camera: this.values.home ?? undefined,
        first: this.shown(loading),
        areas: "fences",
      });
      this.map = map;
    } catch (error) {
      const why = document.createElement("canvas").getContext("webgl2") ? error.message : "this browser offers no WebGL 2";
      element("map-failed").textContent = `The map cannot be drawn here: ${why}. The list, uploads and publishing work all the same.`;
      element("map-failed").hidden = false;
      throw error;
    }
    this.faults = new FaultList(this.layers, this.map);
    await this.shown(loading);
    await this.startDrawing();
    this.listen();
    const wanted = new URLSearchParams(location.hash.slice(1)).get("geofence");
    if (wanted && this.zones.has(wanted)) await this.open(wanted, { fly: true });
    this.ready = true;
  }

  /** Until the borders are on the map and the camera is where they are. */
  async shown(loading) {
    await loading;
    while (!this.map) await new Promise((resolve) => setTimeout(resolve, 20));
    this.fit();
  }

  async startDrawing() {
    if (!this.values.may_edit) return;
    this.drawing = await Drawing.open(this.map, this.values, element("editor"), {
      changed: (what) => this.drawn(what),
      refused: (text) => this.hint(text),
    });
    this.uploads = new Uploads(this.values.upload, {
      done: async (said) => {
        this.faults.close();
        await this.load();
        this.fit();
        this.say(said);
      },
      refused: (body, file, retry) => {
        this.close();
        this.faults.show(body, file, retry);
      },
      failed: (said) => this.hint(said),
      send: postFile,
    });
    element("tools").hidden = false;
  }

  listen() {
    this.map.on("click", (event) => this.click(event));
    this.map.on("mousemove", "border-fill", () => this.idle && (this.map.getCanvas().style.cursor = "pointer"));
    this.map.on("mouseleave", "border-fill", () => this.idle && (this.map.getCanvas().style.cursor = ""));
    element("tools")?.addEventListener("click", (event) => this.tool(event.target.closest("button")?.dataset.tool));
    element("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.save();
    });
    element("f-cancel").addEventListener("click", () => this.close());
    element("f-past").addEventListener("click", () => this.past());
    element("f-remove")?.addEventListener("click", () => this.end(this.values.take_out));
    element("f-discard")?.addEventListener("click", () => this.end(this.values.discard));
    element("f-radius").addEventListener("input", (event) => this.drawing?.setRadius(Number(event.target.value)));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.escape();
    });
    window.addEventListener("beforeunload", (event) => {
      if (this.drawing?.touched) event.preventDefault();
    });
  }

  /** Whether a click on the map may open a geofence: nothing is being drawn or edited. */
  get idle() {
    return !this.opened && !this.drawing?.isDrawing;
  }

  async load() {
    const { ok, body } = await get(this.values.borders);
    if (!ok) {
      this.hint(body.detail);
      return;
    }
    this.borders = body;
    this.zones = new Map();
    for (const { properties } of body.features) if (properties.of === "draft" || !this.zones.has(properties.id)) this.zones.set(properties.id, properties);
    this.layers.show("fences", body);
    this.layers.show("fence-names", namesOf(body));
    this.list.fill([...this.zones.values()]);
  }

  fit() {
    const bounds = boundsOf(this.borders.features.map((feature) => feature.geometry));
    if (bounds) this.map.fitBounds(bounds, { padding: 50, maxZoom: 15, animate: false });
  }

  click({ point }) {
    if (!this.idle) return;
    const [hit] = this.map.queryRenderedFeatures(point, { layers: ["border-fill", "border-old"] });
    if (hit) this.open(hit.properties.id, { fly: false });
  }

  tool(name) {
    if (!name || !this.drawing) return;
    if (name === "undo") {
      this.escape();
      return;
    }
    this.faults.close();
    if (name === "hole" || name === "part") {
      this.drawing.extend(name);
    } else {
      if (this.drawing.touched && this.opened && !this.discarding()) return;
      this.close();
      this.drawing.begin(name);
      this.opened = null;
    }
    this.hint(HINTS[name]);
    this.tools(name);
  }

  /** Show which tool is in hand, and those that make sense now. */
  tools(active = "") {
    const polygon = this.opened?.kind === "polygon" && !active;
    for (const button of element("tools")?.querySelectorAll("button") ?? []) {
      const { tool } = button.dataset;
      button.setAttribute("aria-pressed", String(tool === active));
      if (tool === "hole" || tool === "part") button.hidden = !polygon || !this.drawing || this.drawing.isEmpty;
      if (tool === "undo") button.hidden = !active;
      if (tool in KINDS) button.hidden = Boolean(this.opened) || (Boolean(active) && tool !== active);
    }
  }

  drawn(what) {
    this.hint("");
    const drawing = this.drawing.read();
    if (what === "drawn" && !this.opened) {
      this.show({ id: null, kind: this.drawing.kind, document: null });
      this.form.fill({ kind: this.drawing.kind, radius_m: drawing.radius ?? 25 });
      element("f-name").focus();
    } else if (this.opened?.kind === "circle") {
      this.form.radius("circle", drawing.radius);
    }
    this.tools();
  }

  /** Open one that is there. */
  async open(id, { fly }) {
    if (this.drawing?.touched && !this.discarding()) return;
    this.faults?.close();
    const { ok, body } = await get(this.values.one.replace("GEOFENCE", id));
    if (!ok) {
      this.hint(body.detail);
      await this.load();
      return;
    }
    this.close();
    const shape = body.draft ?? body.published;
    this.show({ id, kind: shape.kind, document: body });
    this.form.fill(shape, body.external_id);
    const byHand = this.values.may_edit && body.state !== "retiring" && this.drawing?.edit(shape);
    this.layers.mark({ hidden: byHand ? id : "", open: id });
    this.form.lock(!this.values.may_edit || body.state === "retiring");
    this.note(byHand ? "" : this.why(body));
    this.list.choose(id);
    history.replaceState(null, "", `#geofence=${id}`);
    this.tools();
    if (fly) this.flyTo(id);
  }

  why({ state }) {
    if (state === "retiring") return "It was taken out and ends with the next publish. Keep it by discarding that.";
    return this.values.may_edit ? "It has too many vertices to be moved by hand; upload it to change its border." : "";
  }

  show(opened) {
    this.opened = opened;
    element("editor").dataset.mode = "form";
    element("form").hidden = false;
    element("form-title").textContent = opened.document ? "Geofence" : `New ${opened.kind}`;
    element("form-state").textContent = { new: "not published", changed: "changed", published: "published", retiring: "ends" }[opened.document?.state] ?? "";
    element("past").textContent = "";
    this.wrong("");
    this.note("");
    const state = opened.document?.state;
    if (element("f-remove")) {
      element("f-remove").hidden = !state || state === "retiring";
      element("f-remove").textContent = state === "new" ? "Delete" : "Take out";
      element("f-discard").hidden = state !== "changed" && state !== "retiring";
      element("f-discard").textContent = state === "retiring" ? "Keep it" : "Discard draft";
      element("f-save").hidden = state === "retiring";
    }
  }

  close() {
    this.drawing?.clear();
    this.form.lock(false);
    this.opened = null;
    this.layers.mark({});
    this.list.choose("");
    this.hint("");
    element("form").hidden = true;
    element("editor").dataset.mode = "list";
    if (location.hash) history.replaceState(null, "", location.pathname);
    this.tools();
  }

  body() {
    const body = this.form.read(this.opened.kind);
    const drawing = this.drawing?.touched ? this.drawing.read() : null;
    if (drawing) body.geometry = drawing.geometry;
    if (this.opened.id) body.id = this.opened.id;
    return body;
  }

  async save() {
    if (this.saving || !this.opened) return;
    const body = this.body();
    if (!body.name) {
      this.wrong("Give it a name.");
      element("f-name").focus();
      return;
    }
    this.saving = true;
    const answer = await post(this.values.save, body);
    this.saving = false;
    if (!answer.ok) {
      this.refused(answer, body);
      return;
    }
    this.drawing.touched = false;
    await this.load();
    this.close();
    this.say(`${body.name} is saved as a draft. Publish to let it count.`);
  }

  refused({ body }, sent) {
    this.wrong(body.faults ? body.faults[0].detail : body.detail);
    const placed = (body.faults ?? []).some((fault) => fault.longitude !== null);
    if (placed) this.faults.show(body, sent.geometry ? { type: "Feature", geometry: sent.geometry } : null);
  }

  async past() {
    element("past").textContent = "Looking at the last 24 hours…";
    const { ok, body } = await post(this.values.past, { ...this.body(), name: "Preview" });
    if (!this.opened) return;
    if (!ok) {
      element("past").textContent = body.faults ? body.faults[0].detail : body.detail;
      return;
    }
    const { crossings, without_hysteresis: raw, devices, all_looked_at: all } = body;
    const times = (number) => `${number.toLocaleString()} crossing${number === 1 ? "" : "s"}`;
    element("past").textContent = devices
      ? `With these settings the last 24 h would have made ${times(crossings)}, without hysteresis ${raw.toLocaleString()}. ${devices} device${devices === 1 ? "" : "s"} looked at${all ? "" : ", the nearest of more"}.`
      : "No device was near it in the last 24 hours.";
  }

  async end(address) {
    if (!this.opened?.id) return;
    const answer = await post(address.replace("GEOFENCE", this.opened.id));
    if (!answer.ok) {
      this.wrong(answer.body.detail);
      return;
    }
    this.close();
    await this.load();
    this.say(answer.body.detail);
  }

  escape() {
    if (this.drawing?.isDrawing) {
      this.drawing.stop();
      this.hint("");
      this.tools();
      if (this.drawing.isEmpty) this.close();
    } else if (!element("faults").hidden) {
      this.faults.close();
    } else if (this.opened && (!this.drawing?.touched || this.discarding())) {
      this.close();
    }
  }

  discarding() {
    return window.confirm("What you drew is not saved. Leave it?");
  }

  flyTo(id) {
    const bounds = boundsOf(this.borders.features.filter((feature) => feature.properties.id === id).map((feature) => feature.geometry));
    this.map.resize(); // on a phone the form has just taken its part of the screen
    if (bounds) this.map.fitBounds(bounds, { padding: this.map.getContainer().clientWidth < 500 ? 40 : 70, maxZoom: 16, duration: window.matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 700 });
  }

  note(text) {
    element("form-hint").textContent = text;
    element("form-hint").hidden = !text;
  }

  wrong(text) {
    element("form-error").textContent = text;
    element("form-error").hidden = !text;
  }

  hint(text) {
    element("drawing-hint").textContent = text ?? "";
    element("drawing-hint").hidden = !text;
  }

  say(text) {
    element("spoken").textContent = text;
    this.hint(text);
    clearTimeout(this.saying);
    this.saying = setTimeout(() => element("drawing-hint").textContent === text && this.hint(""), 6000);
  }
}

const editor = new Editor(JSON.parse(element("editor-values").textContent));
window.milepostEditor = editor;
await editor.start();
