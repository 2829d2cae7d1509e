// The map's colours, read from the stylesheet so that they live in one place and follow light and dark.

const NAMES = [
  "water", "land", "coast", "border", "grid", "place", "place-halo", "name", "name-halo", "edge",
  "active", "idle", "offline", "waiting", "track", "track-halo", "accent",
];

const scheme = window.matchMedia("(prefers-color-scheme: dark)");

/** {water: "#rrggbb", …} as the stylesheet has it now. */
export function palette(element) {
  const style = getComputedStyle(element);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--map-${name}`).trim() || "#888888"]));
}

/** [r, g, b] in 0..1 from any CSS colour. */
export function rgb(colour) {
  const ink = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  ink.fillStyle = colour;
  ink.fillRect(0, 0, 1, 1);
  return [...ink.getImageData(0, 0, 1, 1).data.slice(0, 3)].map((part) => part / 255);
}

export function isDark() {
  return scheme.matches;
}

export function onSchemeChange(then) {
  scheme.addEventListener("change", then);
}
