// What lies under the markers: coast and borders with no internet, or the operator's style or .pmtiles file.

import { flattened, graticule } from "./earth.js";
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
  return fromAtlas(values, element);
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

function fromAtlas(values, element) {
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
  return { style, ready: (map) => fill(map, values, element), repaint: (map) => repaint(map, element), credit: "Natural Earth" };
}

async function fill(map, values, element) {
  const flood = ({ sourceId, isSourceLoaded }) => {
    if (sourceId !== "land" || !isSourceLoaded || !map.coastDrawn) return;
    map.off("sourcedata", flood);
    map.setPaintProperty("water", "background-color", palette(element).water);
  };
  map.on("sourcedata", flood);
  drawGrid(map);
  map.on("moveend", () => drawGrid(map));
  const topojson = await import(`${values.vendor}topojson-client/src/index.js`);
  let drawn = 0; // how many of the scales were asked for
  const refine = async () => {
    const wanted = SCALES.filter(([, zoom]) => map.getZoom() >= zoom).length;
    if (wanted <= drawn) return;
    // the finest takes its seconds: what comes before it is drawn meanwhile
    const steps = wanted === 3 && drawn < 2 ? [2, 3] : [wanted];
    drawn = wanted;
    for (const step of steps) await draw(map, values, topojson, SCALES[step - 1][0], () => drawn === wanted);
  };
  map.on("moveend", refine);
  await refine();
}

// `latest()` says whether no finer scale was asked for meanwhile.
async function draw(map, values, topojson, scale, latest) {
  const answer = await fetch(`${values.vendor}world-atlas/countries-${scale}.json`);
  if (!answer.ok) throw new Error(`the basemap at 1:${scale} did not load: ${answer.status}`);
  const atlas = await answer.json();
  if (!latest()) return;
  const countries = topojson.feature(atlas, atlas.objects.countries);
  for (const country of countries.features) country.geometry &&= flattened(country.geometry);
  const inner = topojson.mesh(atlas, atlas.objects.countries, (a, b) => a !== b);
  const outer = topojson.mesh(atlas, atlas.objects.countries, (a, b) => a === b);
  map.getSource("land").setData(countries);
  map.getSource("borders").setData(feature(flattened(inner)));
  map.getSource("coast").setData(feature(flattened(outer)));
  map.coastDrawn = true;
  map.getSource("places").setData({ type: "FeatureCollection", features: countries.features.flatMap(placeOf) });
}

function feature(geometry) {
  return { type: "Feature", properties: {}, geometry };
}

// A country's name stands in the middle of its largest piece.
function placeOf(country) {
  const { type, coordinates } = country.geometry ?? {};
  const polygons = type === "MultiPolygon" ? coordinates : type === "Polygon" ? [coordinates] : [];
  let best = null;
  for (const [ring] of polygons) {
    const [x, y, area] = middle(ring);
    if (!best || area > best.size) best = { x, y, size: area };
  }
  if (!best || !country.properties?.name) return [];
  const properties = { name: country.properties.name, size: best.size };
  return [{ type: "Feature", properties, geometry: { type: "Point", coordinates: [best.x, best.y] } }];
}

function middle(ring) {
  let area = 0;
  let x = 0;
  let y = 0;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const cross = ring[j][0] * ring[i][1] - ring[i][0] * ring[j][1];
    area += cross;
    x += (ring[j][0] + ring[i][0]) * cross;
    y += (ring[j][1] + ring[i][1]) * cross;
  }
  return area ? [x / (3 * area), y / (3 * area), Math.abs(area / 2)] : [...ring[0], 0];
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
