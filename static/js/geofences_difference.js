// The small map on the pages that publish and compare: what is new, changed, as it was, and taken out.

import { boundsOf, openChart, tint } from "./geofences/chart.js";

const element = document.getElementById("difference-map");
const values = JSON.parse(document.getElementById("difference-values").textContent);
const COLOURS = { added: "--zone-added", changed: "--zone-draft", before: "--zone-old", removed: "--zone-removed" };

function colour() {
  return ["match", ["get", "became"], ...Object.entries(COLOURS).flatMap(([became, name]) => [became, tint(element, name)]), "#888888"];
}

function recolour(map) {
  map.setPaintProperty("difference-fill", "fill-color", colour());
  map.setPaintProperty("difference-line", "line-color", colour());
  map.setPaintProperty("difference-dashed", "line-color", colour());
}

let shapes = { type: "FeatureCollection", features: [] };

function dress(map) {
  if (map.getSource("difference")) return;
  const whole = ["match", ["get", "became"], ["added", "changed"], true, false];
  map.addSource("difference", { type: "geojson", data: shapes, tolerance: 0.1 });
  map.addLayer({ id: "difference-fill", type: "fill", source: "difference", paint: { "fill-opacity": ["match", ["get", "became"], "before", 0, 0.18] } });
  map.addLayer({ id: "difference-line", type: "line", source: "difference", filter: whole, layout: { "line-join": "round" }, paint: { "line-width": 2.4 } });
  map.addLayer({ id: "difference-dashed", type: "line", source: "difference", filter: ["!", whole], layout: { "line-join": "round" }, paint: { "line-width": 2, "line-dasharray": [2.5, 1.8] } });
  recolour(map);
}

const answer = await fetch(values.shapes, { credentials: "same-origin" });
if (answer.ok) shapes = await answer.json();
try {
  const { map } = await openChart(element, values, { dress, recolour, first: null, areas: "difference" });
  const bounds = boundsOf(shapes.features.map((feature) => feature.geometry));
  if (bounds) map.fitBounds(bounds, { padding: 36, maxZoom: 15, animate: false });
  window.milepostDifference = { map, shapes };
} catch (error) {
  element.textContent = `The map cannot be drawn here: ${error.message}`;
}
