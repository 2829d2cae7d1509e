// The map's colours, read from the stylesheet so that they live in one place and follow light and dark.

const NAMES = [
  "water", "land", "coast", "border", "grid", "place", "place-halo", "name", "name-halo", "edge",
  "active", "idle", "offline", "waiting", "risk", "on-risk", "track", "track-halo", "track-ahead", "accent", "zone", "zone-name",
];

const scheme = window.matchMedia("(prefers-color-scheme: dark)");

/** {water: "#rrggbb", …} as the stylesheet has it now. */
export function palette(element) {
  const style = getComputedStyle(element);
  return Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--map-${name}`).trim() || "#888888"]));
}

export function isDark() {
  return scheme.matches;
}

export function onSchemeChange(then) {
  scheme.addEventListener("change", then);
}
