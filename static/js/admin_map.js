// Geometries in the staff's admin, on the map this installation serves itself: nothing comes from elsewhere.

import { boundsOf, openChart } from "./geofences/chart.js";

for (const element of document.querySelectorAll(".admin-map")) {
  const geometry = JSON.parse(element.dataset.geometry);
  const dress = (map) => {
    if (map.getSource("shown")) return;
    map.addSource("shown", { type: "geojson", data: { type: "Feature", properties: {}, geometry } });
    map.addLayer({ id: "shown-fill", type: "fill", source: "shown", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": "#2f6fed", "fill-opacity": 0.2 } });
    map.addLayer({ id: "shown-line", type: "line", source: "shown", filter: ["!=", ["geometry-type"], "Point"], paint: { "line-color": "#2f6fed", "line-width": 2.4 } });
    map.addLayer({ id: "shown-point", type: "circle", source: "shown", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-color": "#2f6fed", "circle-radius": 7 } });
  };
  try {
    const { map } = await openChart(element, JSON.parse(element.dataset.values), { dress, recolour: () => {}, first: null, areas: "geometry" });
    const bounds = boundsOf([geometry]);
    if (bounds) map.fitBounds(bounds, { padding: 36, maxZoom: 15, animate: false });
    element.dataset.drawn = "yes";
  } catch (error) {
    element.textContent = `The map cannot be drawn here: ${error.message}`;
  }
}
