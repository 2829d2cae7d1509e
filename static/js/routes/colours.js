// One colour for each route, told apart on light and dark ground; after twelve they come again with another line.

const COLOURS = ["#1f77b4", "#d1620f", "#2a8f3c", "#c2393b", "#8458b3", "#00868b", "#b8860b", "#c2479b", "#5b6ee1", "#6b8e23", "#a0522d", "#4a90a4"];

/** The colour of the route at that place in the list. */
export function colourOf(number) {
  return COLOURS[number % COLOURS.length];
}

/** Whether its line is broken, so that it is another than that of its colour before. */
export function isBroken(number) {
  return Math.floor(number / COLOURS.length) % 2 === 1;
}
