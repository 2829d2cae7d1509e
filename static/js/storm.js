// The rate of a storm over time as a plot, above the table that says the same.
import uPlot from "../vendor/uplot/dist/uPlot.esm.js";

const { rates } = JSON.parse(document.getElementById("rates").textContent);
const place = document.getElementById("plot");

function colour(name, fallback) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || fallback;
}

function draw() {
  place.replaceChildren();
  const ink = colour("--muted", "#666");
  const line = colour("--accent", "#06c");
  const axis = { stroke: ink, grid: { stroke: colour("--line", "#ddd"), width: 1 } };
  return new uPlot(
    {
      width: place.clientWidth,
      height: 220,
      cursor: { show: false },
      legend: { show: false },
      scales: { y: { range: (_, low, high) => [0, Math.max(1, high * 1.1)] } },
      axes: [axis, { ...axis, size: 64 }],
      series: [{}, { stroke: line, fill: `${line}22`, width: 2 }],
    },
    [rates.map((point) => point[0]), rates.map((point) => point[1])],
    place,
  );
}

if (rates.length > 1) {
  place.hidden = false;
  draw();
  let pending = 0;
  addEventListener("resize", () => {
    clearTimeout(pending);
    pending = setTimeout(draw, 150);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}
