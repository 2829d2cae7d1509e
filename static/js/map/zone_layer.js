// The zones in force under the markers: areas, borders and names, drawn from one GeoJSON answer.

import { middleOf } from "./earth.js";

const NOTHING = { type: "FeatureCollection", features: [] };
const NAME_PX = 70; // a zone narrower than this on the screen does not bear its name

export class ZoneLayer {
  constructor(map) {
    this.map = map;
    this.data = NOTHING;
    this.names = NOTHING;
    this.byId = new Map();
    this.visible = true;
  }

  /** Take the zones of a FeatureCollection with `properties.name` and ids; returns how many there are. */
  set(collection) {
    this.byId.clear();
    const features = [];
    const labels = [];
    for (const feature of collection.features) {
      const id = feature.id;
      const { name } = feature.properties;
      const box = boxOf(feature.geometry);
      const properties = { id, name, colour: feature.properties.colour || "", size: (box[2] - box[0]) * (box[3] - box[1]), from_zoom: namedFrom(box) };
      features.push({ type: "Feature", properties, geometry: feature.geometry });
      const middle = middleOf(feature.geometry);
      if (middle) labels.push({ type: "Feature", properties, geometry: { type: "Point", coordinates: [middle.x, middle.y] } });
      this.byId.set(id, { id, name, box, properties: feature.properties });
    }
    this.data = { type: "FeatureCollection", features };
    this.names = { type: "FeatureCollection", features: labels };
    this.map.getSource("zones")?.setData(this.data);
    this.map.getSource("zone-names")?.setData(this.names);
    return features.length;
  }

  /** Add the layers to a style; called again after each change of style. */
  addTo(map, colours, before) {
    if (map.getSource("zones")) return;
    const visibility = this.visible ? "visible" : "none";
    map.addSource("zones", { type: "geojson", data: this.data, tolerance: 0.3 });
    map.addSource("zone-names", { type: "geojson", data: this.names });
    const own = (fallback) => ["case", ["==", ["get", "colour"], ""], fallback, ["get", "colour"]];
    map.addLayer({ id: "zone-area", type: "fill", source: "zones", layout: { visibility }, paint: { "fill-color": own(colours.zone), "fill-opacity": 0.07 } }, before);
    map.addLayer({
      id: "zone-border", type: "line", source: "zones", layout: { visibility, "line-join": "round" },
      paint: { "line-color": own(colours.zone), "line-width": ["interpolate", ["linear"], ["zoom"], 6, 0.6, 14, 1.8], "line-opacity": 0.65 },
    }, before);
    map.addLayer({
      id: "zone-open", type: "line", source: "zones", layout: { visibility, "line-join": "round" }, filter: ["==", ["get", "id"], ""],
      paint: { "line-color": colours.accent, "line-width": 3.5 },
    }, before);
    map.addLayer({
      id: "zone-name", type: "symbol", source: "zone-names", filter: [">=", ["zoom"], ["get", "from_zoom"]],
      layout: {
        visibility, "text-field": ["get", "name"], "text-font": fontOf(map), "text-size": 12, "text-max-width": 9,
        "symbol-sort-key": ["-", ["get", "size"]], "text-padding": 4,
      },
      paint: { "text-color": colours["zone-name"], "text-halo-color": colours["place-halo"], "text-halo-width": 1.4 },
    }, before);
  }

  repaint(map, colours) {
    if (!map.getLayer("zone-area")) return;
    const own = (fallback) => ["case", ["==", ["get", "colour"], ""], fallback, ["get", "colour"]];
    map.setPaintProperty("zone-area", "fill-color", own(colours.zone));
    map.setPaintProperty("zone-border", "line-color", own(colours.zone));
    map.setPaintProperty("zone-open", "line-color", colours.accent);
    map.setPaintProperty("zone-name", "text-color", colours["zone-name"]);
    map.setPaintProperty("zone-name", "text-halo-color", colours["place-halo"]);
  }

  show(on) {
    this.visible = on;
    for (const layer of ["zone-area", "zone-border", "zone-open", "zone-name"]) {
      if (this.map.getLayer(layer)) this.map.setLayoutProperty(layer, "visibility", on ? "visible" : "none");
    }
  }

  /** Draw one zone's border stronger, or none's. */
  mark(id) {
    if (this.map.getLayer("zone-open")) this.map.setFilter("zone-open", ["==", ["get", "id"], id ?? ""]);
  }

  /** The smallest zone under a point of the canvas, or null. */
  at(point) {
    if (!this.visible || !this.map.getLayer("zone-area")) return null;
    const found = this.map.queryRenderedFeatures(point, { layers: ["zone-area"] });
    found.sort((a, b) => a.properties.size - b.properties.size);
    return found.length ? (this.byId.get(found[0].properties.id) ?? null) : null;
  }
}

/** [west, south, east, north] of a Polygon or MultiPolygon. */
export function boxOf({ type, coordinates }) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [ring] of type === "MultiPolygon" ? coordinates : [coordinates]) {
    for (const [x, y] of ring) {
      if (x < box[0]) box[0] = x;
      if (y < box[1]) box[1] = y;
      if (x > box[2]) box[2] = x;
      if (y > box[3]) box[3] = y;
    }
  }
  return box;
}

function namedFrom([west, , east]) {
  return Math.max(0, Math.min(18, Math.log2((NAME_PX / 512) * (360 / Math.max(east - west, 1e-6)))));
}

// A style from elsewhere may only have the letters of its own fonts.
function fontOf(map) {
  const { glyphs, layers } = map.getStyle();
  const own = ["system-ui", "DejaVu Sans", "sans-serif"];
  if (!glyphs) return own;
  const other = layers.find((layer) => layer.type === "symbol" && Array.isArray(layer.layout?.["text-font"]));
  return other?.layout["text-font"] ?? own;
}
