// A played day on the map: the whole way faint, the part behind the device strong, its stops as rings.

const NOTHING = { type: "FeatureCollection", features: [] };

export class DayLayer {
  constructor() {
    this.line = NOTHING;
    this.stops = NOTHING;
    this.share = 0;
  }

  /** Add the layers to a style; called again after each change of style. */
  addTo(map, colours, before) {
    this.map = map;
    this.colours = colours;
    if (map.getSource("day")) return;
    map.addSource("day", { type: "geojson", data: this.line, lineMetrics: true, tolerance: 0.3 });
    map.addSource("day-stops", { type: "geojson", data: this.stops });
    const layout = { "line-join": "round", "line-cap": "round" };
    map.addLayer({ id: "day-halo", type: "line", source: "day", layout, paint: { "line-color": colours["track-halo"], "line-width": 7 } }, before);
    map.addLayer({ id: "day-line", type: "line", source: "day", layout, paint: { "line-width": 4, "line-gradient": this.gradient() } }, before);
    map.addLayer({
      id: "day-stops", type: "circle", source: "day-stops",
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["get", "minutes"], 2, 4, 60, 8], "circle-color": colours.idle,
        "circle-stroke-color": colours.edge, "circle-stroke-width": 1.5,
      },
    }, before);
  }

  repaint(map, colours) {
    this.colours = colours;
    if (!map.getLayer("day-line")) return;
    map.setPaintProperty("day-halo", "line-color", colours["track-halo"]);
    map.setPaintProperty("day-line", "line-gradient", this.gradient());
    map.setPaintProperty("day-stops", "circle-color", colours.idle);
    map.setPaintProperty("day-stops", "circle-stroke-color", colours.edge);
  }

  /** Draw a day's line and its stops ([{place, from, to}]); nothing with neither. */
  draw(track, stops) {
    const coordinates = track?.coordinates ?? [];
    this.line = coordinates.length > 1 ? feature({ type: "LineString", coordinates }) : NOTHING;
    const rings = stops.filter(({ place }) => place);
    this.stops = {
      type: "FeatureCollection",
      features: rings.map(({ place, from, to }) => feature({ type: "Point", coordinates: place }, { minutes: (to - from) / 60_000 })),
    };
    this.map.getSource("day")?.setData(this.line);
    this.map.getSource("day-stops")?.setData(this.stops);
  }

  /** How much of the line is behind the device, 0..1: only colours change, nothing is cut anew. */
  travelled(share) {
    if (Math.abs(share - this.share) < 1e-6) return;
    this.share = share;
    if (this.map.getLayer("day-line")) this.map.setPaintProperty("day-line", "line-gradient", this.gradient());
  }

  gradient() {
    const behind = Math.max(1e-6, Math.min(1, this.share));
    return ["step", ["line-progress"], this.colours.track, behind, this.colours["track-ahead"]];
  }
}

function feature(geometry, properties = {}) {
  return { type: "Feature", properties, geometry };
}
