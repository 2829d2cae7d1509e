// Circles on the globe: an outline from centre and radius, and back. Pure.

export const EARTH_RADIUS_M = 6371008.8;
const RADIANS = Math.PI / 180;

/** The closed ring of a circle, counter-clockwise. */
export function circleRing([longitude, latitude], radius, points = 64) {
  const angle = radius / EARTH_RADIUS_M;
  const phi = latitude * RADIANS;
  const ring = [];
  for (let i = 0; i < points; i += 1) {
    const bearing = (-2 * Math.PI * i) / points;
    const sine = Math.sin(phi) * Math.cos(angle) + Math.cos(phi) * Math.sin(angle) * Math.cos(bearing);
    const east = Math.atan2(Math.sin(bearing) * Math.sin(angle) * Math.cos(phi), Math.cos(angle) - Math.sin(phi) * sine);
    ring.push([digits(longitude + east / RADIANS), digits(Math.asin(sine) / RADIANS)]);
  }
  return [...ring, ring[0]];
}

/** {centre, radius} of a ring that was drawn as a circle. */
export function circleOf(ring) {
  const longitudes = ring.map(([x]) => x);
  const latitudes = ring.map(([, y]) => y);
  const north = Math.max(...latitudes);
  const south = Math.min(...latitudes);
  const centre = [digits((Math.max(...longitudes) + Math.min(...longitudes)) / 2), digits((north + south) / 2)];
  return { centre, radius: ((north - south) / 2) * RADIANS * EARTH_RADIUS_M };
}

/** Nine digits: a tenth of a millimetre, and as many as the drawing library takes. */
export function digits(value) {
  return Math.round(value * 1e9) / 1e9;
}

/** Whether a place lies in a closed ring, on a plane of degrees. */
export function insideRing([x, y], ring) {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
    const [x1, y1] = ring[i];
    const [x2, y2] = ring[j];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  }
  return inside;
}
