// One colour for each route, told apart on light and dark ground; after twelve they come again with another line.

const COLOURS = ["#1f77b4", "#d1620f", "#2a8f3c", "#c2393b", "#8458b3", "#00868b", "#b8860b", "#c2479b", "#5b6ee1", "#6b8e23", "#a0522d", "#4a90a4"];

/** Numbers of drivers as they are first seen: who comes or goes while one looks changes nobody's colour. */
export class Numbers {
  /** `kept`: a storage of the browser, in which they outlast the page under that name; both may be left out. */
  constructor(kept = null, name = "") {
    Object.assign(this, { kept, name, of: new Map() });
    try {
      const known = JSON.parse(kept?.getItem(name) ?? "[]");
      if (Array.isArray(known)) known.forEach((driver, number) => this.of.set(driver, number));
    } catch { /* nothing is known, then */ }
  }

  /** One for each of the routes, in their order. */
  number(routes) {
    const before = this.of.size;
    for (const { driver } of routes) if (!this.of.has(driver)) this.of.set(driver, this.of.size);
    try {
      if (this.of.size > before) this.kept?.setItem(this.name, JSON.stringify([...this.of.keys()]));
    } catch { /* a full or forbidden storage: they last as long as the page */ }
    return routes.map(({ driver }) => this.of.get(driver));
  }
}

/** The colour of the route at that place in the list. */
export function colourOf(number) {
  return COLOURS[number % COLOURS.length];
}

/** Whether its line is broken, so that it is another than that of its colour before. */
export function isBroken(number) {
  return Math.floor(number / COLOURS.length) % 2 === 1;
}
