// Lines on the globe: a grid that fits the zoom, and coasts without the seam where atlases cut the world. Pure.

const STEPS = [30, 15, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];

/** Meridians and parallels within [west, south, east, north], about four to a screen. */
export function graticule([west, south, east, north], zoom) {
  const wanted = 360 / 2 ** zoom / 2;
  const step = STEPS.find((candidate) => candidate <= wanted) ?? STEPS.at(-1);
  const lines = [];
  const bottom = Math.max(-85, south);
  const top = Math.min(85, north);
  for (let i = Math.floor(west / step); i * step <= east; i += 1) lines.push([[i * step, bottom], [i * step, top]]);
  for (let i = Math.floor(bottom / step); i * step <= top; i += 1) {
    if (Math.abs(i * step) <= 85) lines.push([[west, i * step], [east, i * step]]);
  }
  return { type: "MultiLineString", coordinates: lines };
}

/** A MultiLineString without the segments that only follow the edge of the sheet. */
export function withoutSeams(mesh) {
  const lines = [];
  for (const line of mesh.coordinates) {
    let run = [line[0]];
    for (let i = 1; i < line.length; i += 1) {
      if (onSeam(line[i - 1], line[i])) {
        if (run.length > 1) lines.push(run);
        run = [];
      }
      run.push(line[i]);
    }
    if (run.length > 1) lines.push(run);
  }
  return { type: "MultiLineString", coordinates: lines };
}

function onSeam(a, b) {
  return (Math.abs(a[0]) > 179.99 && Math.abs(b[0]) > 179.99) || (a[1] < -89.9 && b[1] < -89.9);
}
