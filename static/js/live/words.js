// Facts as people read them: ages, speeds, headings, places. Pure.

const COMPASS = ["north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"];

/** "12 s ago"; a time ahead of ours (a device clock runs fast) reads as now. */
export function ageText(ageMs) {
  if (ageMs === null || ageMs === undefined) return "no position yet";
  const seconds = Math.max(0, Math.floor(ageMs / 1000));
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} days ago`;
}

/** What a marker says of its age: nothing while it is fresh, "4 min", "3 h", "2 d" after that. */
export function shortAge(ageMs) {
  if (ageMs === null || ageMs === undefined || ageMs < 60_000) return "";
  const minutes = Math.floor(ageMs / 60_000);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h`;
  return `${Math.floor(minutes / 1440)} d`;
}

/** "8 min", "2 h 5 min": a span without a direction. */
export function spanText(spanMs) {
  const minutes = Math.max(0, Math.floor(spanMs / 60_000));
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 1440)} days`;
}

/** "640 m", "12.4 km". */
export function distanceText(metres) {
  if (!known(metres)) return "";
  if (metres < 995) return `${Math.round(metres)} m`;
  return metres < 99_500 ? `${(metres / 1000).toFixed(1)} km` : `${Math.round(metres / 1000)} km`;
}

/** "43 km/h" from metres per second. */
export function speedText(speedMps) {
  return known(speedMps) ? `${Math.round(speedMps * 3.6)} km/h` : null;
}

/** "north-east (48°)". */
export function headingText(degrees) {
  if (!known(degrees)) return null;
  return `${COMPASS[Math.round(degrees / 45) % 8]} (${Math.round(degrees)}°)`;
}

/** "± 12 m". */
export function accuracyText(metres) {
  if (!known(metres)) return null;
  return metres < 1000 ? `± ${Math.round(metres)} m` : `± ${(metres / 1000).toFixed(1)} km`;
}

/** "64 %, charging". */
export function batteryText(share, charging) {
  if (!known(share)) return charging === true ? "charging" : null;
  return `${Math.round(share * 100)} %${charging === true ? ", charging" : ""}`;
}

/** "41.90270, 12.49620": latitude first, as people paste it into other maps. */
export function placeText(longitude, latitude) {
  return `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
}

function known(value) {
  return value !== null && value !== undefined && Number.isFinite(value);
}
