// Draws a month's usage by day, live beside test; the table below it says the same.

const place = document.getElementById("usage-plot");
const values = JSON.parse(document.getElementById("usage-values").textContent);
const HEIGHT = 240;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function options(uPlot) {
  const axis = () => ({ stroke: colour("--muted"), grid: { stroke: colour("--line") }, ticks: { stroke: colour("--line") } });
  const bars = (align) => uPlot.paths.bars({ size: [0.4, 28], align });
  return {
    width: place.clientWidth,
    height: HEIGHT,
    title: `${values.name}, ${values.unit} a day (UTC)`,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
    scales: { y: { range: (_, low, high) => [0, high > 0 ? high * 1.08 : 1] } },
    series: [
      { label: "Day", value: (_, seconds) => (seconds == null ? "—" : new Date(seconds * 1000).toISOString().slice(0, 10)) },
      { label: "Live", stroke: colour("--accent"), fill: colour("--accent"), paths: bars(-1), points: { show: false } },
      { label: "Test, not billed", stroke: colour("--idle-mark"), fill: colour("--idle-mark"), paths: bars(1), points: { show: false } },
    ],
    axes: [axis(), { ...axis(), size: 70 }],
  };
}

async function draw() {
  const { default: uPlot } = await import(document.getElementById("usage-script").dataset.library);
  place.hidden = false;
  const data = [values.days, values.live, values.test];
  let plot = new uPlot(options(uPlot), data, place);
  new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT })).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    plot.destroy();
    plot = new uPlot(options(uPlot), data, place);
  });
}

draw();
