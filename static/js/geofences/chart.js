// A map with its ground, for pages that draw areas: opened, coloured by the page's scheme, dressed again after a style.

import { basemap } from "../map/basemap.js";
import { onSchemeChange } from "../map/palette.js";

const PATIENCE_MS = 4000;
const WORLD = { longitude: 10, latitude: 25, zoom: 1.4 };

/** True once the style is there, false when it fails to load. */
function styled(map) {
  return new Promise((resolve) => {
    map.once("style.load", () => resolve(true));
    map.once("error", ({ error }) => {
      console.warn("basemap:", error);
      resolve(false);
    });
  });
}

/**
 * Resolves to {map, library}. `dress(map)` adds the page's layers; it is called again when a style dropped them,
 * `recolour(map)` when light and dark change. Rejects where the browser has no WebGL 2.
 *
 * The ground is filled once `areas`, a source of the page's, has drawn what `first` brings: both are cut to tiles by
 * the same workers, and the coast of the world would keep the areas waiting for seconds.
 */
export async function openChart(element, values, { dress, recolour, first, areas, camera = WORLD }) {
  const library = await import(`${values.vendor}maplibre-gl/dist/maplibre-gl.mjs`);
  let ground = await basemap(values, library, element);
  const map = new library.Map({
    container: element,
    style: ground.style,
    center: [camera.longitude, camera.latitude],
    zoom: camera.zoom,
    minZoom: 0.5,
    maxZoom: 21,
    maxPitch: 0,
    pitchWithRotate: false,
    dragRotate: false,
    attributionControl: false,
    fadeDuration: 0,
    maplibreLogo: false,
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new library.NavigationControl({ showCompass: false }), "top-left");
  map.addControl(new library.ScaleControl({ maxWidth: 110 }), "bottom-left");
  map.addControl(new library.AttributionControl({ compact: false, customAttribution: ground.credit }), "bottom-right");
  if (!(await styled(map))) {
    // the operator's style does not answer: the areas matter more than what lies under them
    ground = await basemap({ ...values, style_url: "", pmtiles: "" }, library, element);
    map.setStyle(ground.style);
    await styled(map);
  }
  map.on("error", ({ error }) => console.warn("map:", error?.message ?? error));
  dress(map);
  Promise.race([drawn(map, first, areas), pause(PATIENCE_MS)]).then(() => ground.ready(map));
  map.on("style.load", () => dress(map));
  onSchemeChange(() => {
    if (ground.restyle) map.setStyle(ground.restyle());
    ground.repaint?.(map);
    recolour(map);
  });
  return { map, library };
}

async function drawn(map, first, areas) {
  await first;
  if (!map.isSourceLoaded(areas)) await new Promise((resolve) => map.once("idle", resolve));
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The colour of that name in the page's stylesheet, as it is now. */
export function tint(element, name) {
  return getComputedStyle(element).getPropertyValue(name).trim() || "#888888";
}

/** [[west, south], [east, north]] of a list of geometries; null where there is none. */
export function boundsOf(geometries) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  const take = (value) => {
    if (typeof value[0] !== "number") {
      value.forEach(take);
      return;
    }
    box[0] = Math.min(box[0], value[0]);
    box[1] = Math.min(box[1], value[1]);
    box[2] = Math.max(box[2], value[0]);
    box[3] = Math.max(box[3], value[1]);
  };
  for (const geometry of geometries) if (geometry?.coordinates?.length) take(geometry.coordinates);
  return box[0] <= box[2] ? [[box[0], box[1]], [box[2], box[3]]] : null;
}
