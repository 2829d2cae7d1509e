// The borders on the editor's map: what is published, what is drafted, what an upload got wrong.

import { tint } from "./chart.js";

const NOTHING = { type: "FeatureCollection", features: [] };
const TEXT_FONT = ["system-ui", "DejaVu Sans", "sans-serif"];

export class BorderLayers {
  constructor(element) {
    this.element = element;
    this.data = { fences: NOTHING, "fence-names": NOTHING, wrong: NOTHING, "wrong-places": NOTHING };
    this.hidden = ""; // the geofence that is being edited is drawn by the drawing, not here
    this.open = "";
  }

  dress(map) {
    this.map = map;
    if (map.getSource("fences")) return;
    for (const name of Object.keys(this.data)) map.addSource(name, { type: "geojson", data: this.data[name], tolerance: 0.1 });
    const draft = ["==", ["get", "of"], "draft"];
    const old = ["==", ["get", "of"], "published"];
    map.addLayer({ id: "border-fill", type: "fill", source: "fences", filter: draft, paint: {} });
    map.addLayer({ id: "border-old", type: "line", source: "fences", filter: old, layout: { "line-join": "round" }, paint: {} });
    map.addLayer({ id: "border-line", type: "line", source: "fences", filter: draft, layout: { "line-join": "round" }, paint: {} });
    map.addLayer({
      id: "border-name", type: "symbol", source: "fence-names", minzoom: 8,
      layout: {
        "text-field": ["get", "name"], "text-font": TEXT_FONT, "text-max-width": 9, "text-padding": 6,
        "text-size": ["interpolate", ["linear"], ["zoom"], 8, 10, 14, 13],
      },
      paint: { "text-halo-width": 1.4 },
    });
    map.addLayer({ id: "wrong-fill", type: "fill", source: "wrong", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-opacity": 0.14 } });
    map.addLayer({ id: "wrong-line", type: "line", source: "wrong", filter: ["!=", ["geometry-type"], "Polygon"], paint: { "line-width": 2, "line-dasharray": [2, 1.5] } });
    map.addLayer({ id: "wrong-place", type: "circle", source: "wrong-places", paint: { "circle-opacity": 1, "circle-stroke-width": 3 } });
    this.recolour(map);
  }

  recolour(map) {
    const of = (name) => tint(this.element, name);
    const own = (otherwise) => ["case", ["!=", ["get", "colour"], ""], ["get", "colour"], otherwise];
    const line = own(["match", ["get", "state"], "published", of("--zone-published"), of("--zone-draft")]);
    const opened = ["==", ["get", "id"], this.open];
    const set = (layer, property, value) => map.setPaintProperty(layer, property, value);
    set("border-fill", "fill-color", line);
    set("border-fill", "fill-opacity", ["case", opened, 0.3, ["==", ["get", "state"], "published"], 0.12, 0.2]);
    set("border-line", "line-color", line);
    set("border-line", "line-width", ["case", opened, 3.2, ["==", ["get", "state"], "published"], 1.6, 2.4]);
    set("border-old", "line-color", of("--zone-old"));
    set("border-old", "line-width", 1.6);
    set("border-old", "line-dasharray", [3, 2]);
    set("border-name", "text-color", of("--map-name"));
    set("border-name", "text-halo-color", of("--map-name-halo"));
    set("wrong-fill", "fill-color", of("--zone-wrong"));
    set("wrong-line", "line-color", of("--zone-wrong"));
    set("wrong-place", "circle-color", of("--card"));
    set("wrong-place", "circle-stroke-color", of("--zone-wrong"));
    set("wrong-place", "circle-radius", ["case", ["get", "chosen"], 9, 5]);
  }

  show(name, data) {
    this.data[name] = data;
    this.map?.getSource(name)?.setData(data);
  }

  /** The geofence whose border is left to the drawing, and the one that is marked; "" for none. */
  mark({ hidden = "", open = "" }) {
    this.hidden = hidden;
    this.open = open;
    const { map } = this;
    if (!map) return;
    const seen = ["!=", ["get", "id"], hidden];
    map.setFilter("border-fill", ["all", ["==", ["get", "of"], "draft"], seen]);
    map.setFilter("border-line", ["all", ["==", ["get", "of"], "draft"], seen]);
    map.setFilter("border-name", seen);
    this.recolour(map);
  }
}
