// The page of one manifest: its route on the map.

import { RouteMap } from "./routes/map.js";

const values = JSON.parse(document.getElementById("manifest-values").textContent);
const canvas = document.getElementById("plan-map");

if (values.routes[0].line.length > 1) {
  RouteMap.open(canvas, values)
    .then((map) => map.show(values.routes))
    .catch(() => {
      canvas.hidden = true;
      document.getElementById("map-words").hidden = false;
    });
} else {
  canvas.hidden = true;
}
