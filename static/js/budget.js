// The month's spend as a plot: sums by day, and the band in which the month will end. The page says all of it in words.
import uPlot from "../vendor/uplot/dist/uPlot.esm.js";

const plot = document.getElementById("plot");
const data = JSON.parse(document.getElementById("plot-data").textContent);
const unit = 10 ** data.scale;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// ends of days since the month began; null where a line has nothing to say
function columns() {
  const ends = Array.from({ length: data.length }, (_, n) => n + 1);
  const past = ends.map((day) => (day <= data.today ? data.days[day - 1] / unit : null));
  const ahead = (line) => ends.map((day) => (day >= data.today ? line[day - data.today] / unit : null));
  const found = [ends, past, ahead(data.low), ahead(data.likely), ahead(data.high)];
  if (data.budget !== null) found.push(ends.map(() => data.budget / unit));
  return found;
}

function options(width) {
  const axis = { stroke: colour("--muted"), grid: { stroke: colour("--line") }, ticks: { stroke: colour("--line") } };
  const text = (value) => (value === null ? "–" : `${value.toFixed(data.scale)} ${data.currency}`);
  const value = (_, v) => text(v ?? null);
  const band = colour("--accent-soft");
  const series = [
    { label: "Day" },
    { label: "So far", stroke: colour("--accent"), width: 2, value },
    { label: "Low", stroke: colour("--edge"), width: 1, value },
    { label: "Likely", stroke: colour("--accent"), width: 2, dash: [5, 4], value },
    { label: "High", stroke: colour("--edge"), width: 1, value },
  ];
  if (data.budget !== null) series.push({ label: "Budget", stroke: colour("--bad"), width: 1, dash: [8, 4], value });
  return {
    width,
    height: 240,
    scales: { x: { time: false }, y: { range: (_, __, most) => [0, (most || 1) * 1.08] } },
    axes: [axis, { ...axis, size: 64 }],
    series,
    bands: [{ series: [4, 2], fill: band }],
  };
}

let drawn = null;
function draw() {
  drawn?.destroy();
  drawn = new uPlot(options(Math.max(240, plot.clientWidth)), columns(), plot);
}

plot.hidden = false;
draw();
new ResizeObserver(() => {
  if (Math.abs(plot.clientWidth - drawn.width) > 2) drawn.setSize({ width: Math.max(240, plot.clientWidth), height: 240 });
}).observe(plot);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
