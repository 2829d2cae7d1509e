// The marker shapes painted side by side on one canvas, which becomes the texture of the marker layer.

import { MARK, PATHS } from "./glyph.js";

const UNITS = 18; // of the glyphs' 16, so that the edge has room
export const SHAPES = ["active", "dot", "idle", "offline", "waiting", "risk"]; // the columns, from the left

/**
 * A column for each of SHAPES (arrow, dot, square, ring, dashed ring, diamond), the upper row `cell` device pixels across, the lower
 * row twice that, with the ring that marks the open device. Columns are as wide as the large cells.
 */
export function shapeSheet(cell, colours) {
  const sheet = document.createElement("canvas");
  sheet.width = cell * 2 * SHAPES.length;
  sheet.height = cell * 3;
  const ink = sheet.getContext("2d");
  SHAPES.forEach((shape, column) => {
    draw(ink, shape, colours, { x: column * cell * 2 + cell / 2, y: cell / 2, unit: cell / UNITS });
    const middle = { x: column * cell * 2 + cell, y: cell * 2, unit: (cell / UNITS) * 1.3 };
    halo(ink, colours.accent, middle, cell);
    draw(ink, shape, colours, middle);
  });
  return sheet;
}

function halo(ink, accent, { x, y }, cell) {
  ink.beginPath();
  ink.arc(x, y, cell * 0.9, 0, 2 * Math.PI);
  ink.fillStyle = ink.strokeStyle = accent;
  ink.globalAlpha = 0.2;
  ink.fill();
  ink.globalAlpha = 1;
  ink.lineWidth = cell / 11;
  ink.stroke();
}

function draw(ink, shape, colours, { x, y, unit }) {
  const path = new Path2D(PATHS[shape]);
  ink.save();
  ink.translate(x, y);
  ink.scale(unit, unit);
  ink.translate(-8, -8);
  ink.lineJoin = "round";
  ink.strokeStyle = colours.edge;
  if (shape === "offline" || shape === "waiting") {
    ink.lineWidth = 4.6;
    ink.stroke(path);
    ink.lineWidth = 2.4;
    ink.strokeStyle = colours[shape];
    ink.stroke(path);
  } else {
    ink.lineWidth = 2.6;
    ink.stroke(path);
    ink.fillStyle = colours[shape === "dot" ? "active" : shape];
    ink.fill(path);
  }
  if (shape === "risk") mark(ink, colours);
  ink.restore();
}

function mark(ink, colours) {
  ink.lineCap = "round";
  ink.lineWidth = 2;
  ink.strokeStyle = colours["on-risk"];
  ink.stroke(new Path2D(MARK));
}

/** Smooth between texels, nothing beyond the edge. For the texture bound now. */
export function clampTexture(gl) {
  for (const [name, value] of [
    [gl.TEXTURE_MIN_FILTER, gl.LINEAR], [gl.TEXTURE_MAG_FILTER, gl.LINEAR],
    [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE], [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
  ]) gl.texParameteri(gl.TEXTURE_2D, name, value);
}
