// The shapes of the statuses: inline SVG for the list and the panel, and the same drawn on a canvas for the map.

const SVG = "http://www.w3.org/2000/svg";
// In a square of 16 units; the arrow points up.
export const PATHS = {
  dot: "M8 3.4a4.6 4.6 0 1 0 0 9.2 4.6 4.6 0 0 0 0-9.2Z", // active, heading unknown
  active: "M8 1.2 13.6 14 8 11.2 2.4 14Z",
  idle: "M4.6 3h6.8A1.6 1.6 0 0 1 13 4.6v6.8a1.6 1.6 0 0 1-1.6 1.6H4.6A1.6 1.6 0 0 1 3 11.4V4.6A1.6 1.6 0 0 1 4.6 3Z",
  offline: "M8 3.6a4.4 4.4 0 1 0 0 8.8 4.4 4.4 0 0 0 0-8.8Z",
  waiting: "M8 3.6a4.4 4.4 0 1 0 0 8.8 4.4 4.4 0 0 0 0-8.8Z",
  risk: "M8 .6 15.4 8 8 15.4.6 8Z",
};
export const MARK = "M8 4.4v4.3M8 11v.6"; // the exclamation mark in the diamond of "at risk"

/** An empty glyph; `setGlyph` gives it its shape. */
export function makeGlyph() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "glyph");
  svg.append(document.createElementNS(SVG, "path"));
  const mark = document.createElementNS(SVG, "path");
  mark.setAttribute("class", "glyph-mark");
  svg.append(mark);
  return svg;
}

export function setGlyph(svg, status) {
  if (svg.dataset.status === status) return;
  svg.dataset.status = status;
  svg.firstChild.setAttribute("d", PATHS[status]);
  svg.lastChild.setAttribute("d", status === "risk" ? MARK : "");
}
