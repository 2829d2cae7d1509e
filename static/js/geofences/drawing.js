// Drawing and editing of one geofence on the map, by terra-draw.

import { tint } from "./chart.js";
import { partAround, putTogether, takeApart } from "./pieces.js";
import { circleOf, circleRing, digits } from "./round.js";

const MOST_VERTICES = 4000; // more handles than that help nobody
const CIRCLE_POINTS = 48;

export class Drawing {
  /** `changed(what)`: something was drawn ("drawn") or moved ("moved"). `refused(text)`: a hint for the person. */
  static async open(map, values, element, { changed, refused }) {
    const library = await import(`${values.vendor}terra-draw/dist/terra-draw.module.js`);
    const adapter = await import(`${values.vendor}terra-draw-maplibre-gl-adapter/dist/terra-draw-maplibre-gl-adapter.module.js`);
    return new Drawing(map, library, adapter, element, { changed, refused });
  }

  constructor(map, library, adapter, element, { changed, refused }) {
    this.map = map;
    this.library = library;
    this.element = element;
    this.changed = changed;
    this.refused = refused;
    this.pieces = new Map(); // feature id -> {part, ring, given}
    this.kind = null;
    this.touched = false;
    this.wanted = null; // "hole" or "part" while one is drawn
    const coordinates = { midpoints: true, draggable: true, deletable: true };
    this.draw = new library.TerraDraw({
      adapter: new adapter.TerraDrawMapLibreGLAdapter({ map, coordinatePrecision: 9 }),
      modes: [
        new library.TerraDrawPolygonMode({ pointerDistance: 24 }),
        new library.TerraDrawCircleMode({ segments: CIRCLE_POINTS }),
        new library.TerraDrawLineStringMode({ pointerDistance: 24 }),
        new library.TerraDrawSelectMode({
          flags: {
            polygon: { feature: { draggable: true, coordinates } },
            linestring: { feature: { draggable: true, coordinates } },
            circle: { feature: { draggable: true, coordinates: { resizable: "center-fixed" } } },
          },
          keyEvents: { deselect: null, delete: null, rotate: null, scale: null },
          pointerDistance: 24,
        }),
      ],
    });
    this.draw.start();
    this.draw.on("finish", (id, { action }) => (action === "draw" ? this.#drawn(id) : this.#moved(id)));
    this.draw.on("change", (ids, type, context) => {
      if (type === "update" && context?.origin !== "api" && context?.target !== "properties") for (const id of ids) this.#grown(id);
    });
    this.recolour();
  }

  recolour() {
    const colour = tint(this.element, "--zone-draft");
    const card = tint(this.element, "--card");
    const polygon = { fillColor: colour, fillOpacity: 0.22, outlineColor: colour, outlineWidth: 3, closingPointColor: colour, closingPointOutlineColor: card };
    this.draw.updateModeOptions("polygon", { styles: polygon });
    this.draw.updateModeOptions("circle", { styles: polygon });
    this.draw.updateModeOptions("linestring", { styles: { lineStringColor: colour, lineStringWidth: 3, closingPointColor: colour, closingPointOutlineColor: card } });
    const handle = { selectionPointColor: card, selectionPointOutlineColor: colour, selectionPointOutlineWidth: 3, selectionPointWidth: 6, midPointColor: colour, midPointOutlineColor: card, midPointOutlineWidth: 1, midPointWidth: 4, midPointOpacity: 0.85 };
    this.draw.updateModeOptions("select", {
      styles: { ...handle, selectedPolygonColor: colour, selectedPolygonFillOpacity: 0.22, selectedPolygonOutlineColor: colour, selectedPolygonOutlineWidth: 3, selectedLineStringColor: colour, selectedLineStringWidth: 4 },
    });
  }

  get isDrawing() {
    return !["static", "select"].includes(this.draw.getMode());
  }

  get isEmpty() {
    return this.pieces.size === 0;
  }

  /** Begin a new one: "polygon", "circle" or "linestring". */
  begin(tool) {
    this.clear();
    this.kind = { polygon: "polygon", circle: "circle", linestring: "corridor" }[tool];
    this.draw.setMode(tool);
  }

  /** Draw a hole into the polygon, or a further part of it. */
  extend(what) {
    this.wanted = what;
    this.draw.setMode("polygon");
  }

  /** Stop what is being drawn; what was there before stays. */
  stop() {
    if (!this.isDrawing) return;
    this.wanted = null;
    const known = new Set(this.pieces.keys());
    this.draw.setMode("static");
    const left = this.draw.getSnapshot().filter(({ id }) => !known.has(id)).map(({ id }) => id);
    if (left.length) this.draw.removeFeatures(left);
    if (known.size) this.#select([...known][0]);
  }

  clear() {
    this.draw.setMode("static");
    this.draw.clear();
    this.pieces.clear();
    this.touched = false;
    this.wanted = null;
    this.kind = null;
  }

  /** Take up a geofence that is there. False where it has too many vertices for hands. */
  edit({ kind, geometry, radius_m: radius }) {
    this.clear();
    this.kind = kind;
    if (kind === "circle") {
      this.#add("circle", { type: "Polygon", coordinates: [circleRing(geometry.coordinates, radius, CIRCLE_POINTS)] }, { part: 0, ring: 0 });
    } else if (kind === "corridor") {
      const coordinates = geometry.coordinates.map(([x, y]) => [digits(x), digits(y)]);
      this.#add("linestring", { type: "LineString", coordinates }, { part: 0, ring: 0, given: geometry.coordinates });
    } else {
      const pieces = takeApart(geometry);
      if (pieces.reduce((sum, piece) => sum + piece.coordinates.length, 0) > MOST_VERTICES) return false;
      for (const { coordinates, ...piece } of pieces) this.#add("polygon", { type: "Polygon", coordinates: [coordinates] }, piece);
    }
    const [first] = this.pieces.keys();
    if (first !== undefined) this.#select(first);
    return this.pieces.size > 0;
  }

  /** {geometry, radius} as drawn, `radius` of a circle only; null where nothing is. */
  read() {
    if (this.isEmpty) return null;
    const drawn = [...this.pieces].map(([id, piece]) => ({ ...piece, geometry: this.draw.getSnapshotFeature(id).geometry }));
    if (this.kind === "circle") {
      const { centre, radius } = circleOf(drawn[0].geometry.coordinates[0]);
      return { geometry: { type: "Point", coordinates: centre }, radius };
    }
    if (this.kind === "corridor") return { geometry: { type: "LineString", coordinates: drawn[0].given ?? drawn[0].geometry.coordinates } };
    return { geometry: putTogether(drawn.map((piece) => ({ ...piece, coordinates: piece.geometry.coordinates[0] }))) };
  }

  /** Give the circle this radius, about its own centre. */
  setRadius(radius) {
    const [id] = this.pieces.keys();
    if (this.kind !== "circle" || id === undefined || !(radius > 0)) return;
    const { centre } = circleOf(this.draw.getSnapshotFeature(id).geometry.coordinates[0]);
    this.touched = true;
    this.draw.updateFeatureGeometry(id, { type: "Polygon", coordinates: [circleRing(centre, radius, CIRCLE_POINTS)] });
  }

  #add(mode, geometry, piece) {
    const id = this.draw.getFeatureId();
    const [result] = this.draw.addFeatures([{ type: "Feature", id, geometry, properties: { mode } }]);
    if (result.valid) this.pieces.set(id, { given: null, ...piece });
    else this.refused(`It cannot be edited by hand: ${result.reason ?? "its shape is not plain"}.`);
  }

  #select(id) {
    this.draw.setMode("select");
    this.draw.selectFeature(id);
  }

  #drawn(id) {
    const piece = this.#placed(id);
    if (!piece) return;
    this.pieces.set(id, piece);
    this.touched = true;
    this.wanted = null;
    // after the library's own handlers: it still works on what was drawn
    setTimeout(() => {
      this.#select(id);
      this.changed("drawn");
    });
  }

  /** Where a new ring belongs; null, and it is gone, where it belongs nowhere. */
  #placed(id) {
    if (!this.wanted) return { part: 0, ring: 0, given: null };
    const pieces = [...this.pieces].map(([key, piece]) => ({ ...piece, coordinates: this.draw.getSnapshotFeature(key).geometry.coordinates[0] }));
    if (this.wanted === "part") return { part: 1 + Math.max(...pieces.map((piece) => piece.part)), ring: 0, given: null };
    const [place] = this.draw.getSnapshotFeature(id).geometry.coordinates[0];
    const part = partAround(place, pieces);
    if (part !== null) return { part, ring: 1 + pieces.length, given: null };
    this.refused("A hole must lie inside the geofence.");
    setTimeout(() => {
      this.draw.setMode("select");
      this.draw.removeFeatures([id]);
    });
    this.wanted = null;
    return null;
  }

  #grown(id) {
    const piece = this.pieces.get(id);
    if (!piece) return;
    this.touched = true;
    piece.given = null;
  }

  #moved(id) {
    this.#grown(id);
    if (this.pieces.has(id)) this.changed("moved");
  }
}
