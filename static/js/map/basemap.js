// What lies under the markers: coast and borders with no internet, or the operator's style or .pmtiles file.

import { graticule } from "./earth.js";
import { isDark, palette } from "./palette.js";

// The scales of the atlas and the zoom above which the coarser one looks cut with an axe.
const SCALES = [["110m", -Infinity], ["50m", 2.2], ["10m", 5.5]];

/**
 * The style MapLibre starts with and `ready(map)`, called once its sources may be filled.
 * `values`: {vendor, style_url, pmtiles}; `library` is the maplibre-gl module.
 */
export async function basemap(values, library, element) {
  if (values.style_url) return { style: values.style_url, ready: () => {}, repaint: () => {}, credit: "" };
  if (values.pmtiles) return fromPmtiles(values, library, element);
  await library.importScriptInWorkers(new URL("./atlas_worker.js", import.meta.url).href);
  return fromAtlas(element);
}

async function fromPmtiles(values, library, element) {
  await script(`${values.vendor}pmtiles/dist/pmtiles.js`);
  const { layers, namedFlavor } = await import(`${values.vendor}@protomaps/basemaps/dist/esm/index.js`);
  const protocol = new window.pmtiles.Protocol();
  library.addProtocol("pmtiles", protocol.tile);
  const style = () => ({
    version: 8,
    sources: { protomaps: { type: "vector", url: `pmtiles://${new URL(values.pmtiles, location.href)}` } },
    layers: layers("protomaps", namedFlavor(isDark() ? "dark" : "light"), { lang: "en" }),
  });
  // icons come from a sprite that we do not ship: an empty picture keeps the names beside them
  const empty = { width: 1, height: 1, data: new Uint8Array(4) };
  const ready = (map) => map.on("styleimagemissing", ({ id }) => map.hasImage(id) || map.addImage(id, empty));
  return { style: style(), ready, repaint: null, restyle: style, credit: "© OpenStreetMap contributors", element };
}

function fromAtlas(element) {
  const nothing = { type: "FeatureCollection", features: [] };
  const colours = palette(element);
  const source = () => ({ type: "geojson", data: nothing, tolerance: 0.2, maxzoom: 12 });
  const line = (id, from, colour, width) => ({
    id, type: "line", source: from, layout: { "line-join": "round" },
    paint: { "line-color": colour, "line-width": width },
  });
  const style = {
    version: 8,
    sources: { land: source(), coast: source(), borders: source(), grid: { type: "geojson", data: nothing }, places: source() },
    layers: [
      // land all over until the coast is there: a fleet that seems to swim is a worse first sight
      { id: "water", type: "background", paint: { "background-color": colours.land } },
      { id: "land", type: "fill", source: "land", paint: { "fill-color": colours.land, "fill-antialias": false } },
      line("grid", "grid", colours.grid, 0.7),
      line("borders", "borders", colours.border, ["interpolate", ["linear"], ["zoom"], 2, 0.6, 8, 1.4]),
      line("coast", "coast", colours.coast, ["interpolate", ["linear"], ["zoom"], 1, 0.6, 8, 1.6]),
      {
        id: "places", type: "symbol", source: "places", minzoom: 2, maxzoom: 9,
        layout: {
          "text-field": ["get", "name"], "text-font": ["system-ui", "DejaVu Sans", "sans-serif"],
          "text-size": ["interpolate", ["linear"], ["zoom"], 2, 10, 6, 14], "text-letter-spacing": 0.12,
          "text-transform": "uppercase", "text-max-width": 8, "symbol-sort-key": ["-", ["get", "size"]],
        },
        paint: { "text-color": colours.place, "text-halo-color": colours["place-halo"], "text-halo-width": 1.2 },
      },
    ],
  };
  return { style, ready: (map) => fill(map, element), repaint: (map) => repaint(map, element), credit: "Natural Earth" };
}

async function fill(map, element) {
  const flood = ({ sourceId, isSourceLoaded }) => {
    if (sourceId !== "land" || !isSourceLoaded || !map.coastDrawn) return;
    map.off("sourcedata", flood);
    map.setPaintProperty("water", "background-color", palette(element).water);
  };
  map.on("sourcedata", flood);
  drawGrid(map);
  map.on("moveend", () => drawGrid(map));
  let drawn = 0; // how many of the scales were asked for
  const refine = async () => {
    const wanted = SCALES.filter(([, zoom]) => map.getZoom() >= zoom).length;
    if (wanted <= drawn) return;
    // the finest takes its seconds: what comes before it is drawn meanwhile
    const steps = wanted === 3 && drawn < 2 ? [2, 3] : [wanted];
    drawn = wanted;
    for (const step of steps) {
      if (step === 3) await settled(map);
      if (drawn === wanted) await draw(map, SCALES[step - 1][0]);
    }
  };
  map.on("moveend", refine);
  await refine();
}

// The finest coast keeps MapLibre's worker for seconds: zones and tracks that are asked for by now go first.
function settled(map) {
  return new Promise((resolve) => {
    map.once("idle", resolve);
    setTimeout(resolve, 3000);
  });
}

// Only addresses pass through the page; what they stand for is read in MapLibre's worker, see atlas_worker.js.
async function draw(map, scale) {
  const parts = ["land", "borders", "coast", "places"]; // of the sources above and of what the worker answers
  const asked = parts.map((part) => map.getSource(part).setData(`atlas://${scale}/${part}`));
  map.coastDrawn = true;
  await Promise.all(asked);
}

function feature(geometry) {
  return { type: "Feature", properties: {}, geometry };
}

function drawGrid(map) {
  const bounds = map.getBounds();
  map.getSource("grid")?.setData(feature(graticule(bounds.toArray().flat(), map.getZoom())));
}

function repaint(map, element) {
  const colours = palette(element);
  const set = (layer, property, value) => map.getLayer(layer) && map.setPaintProperty(layer, property, value);
  set("water", "background-color", colours.water);
  set("land", "fill-color", colours.land);
  set("grid", "line-color", colours.grid);
  set("borders", "line-color", colours.border);
  set("coast", "line-color", colours.coast);
  set("places", "text-color", colours.place);
  set("places", "text-halo-color", colours["place-halo"]);
}

function script(source) {
  return new Promise((resolve, reject) => {
    const tag = document.createElement("script");
    tag.src = source;
    tag.addEventListener("load", resolve);
    tag.addEventListener("error", () => reject(new Error(`${source} did not load`)));
    document.head.append(tag);
  });
}
