// What is wrong with an upload or a drawing: a list, each line of which leads to its place on the map.

export class FaultList {
  constructor(layers, map) {
    this.layers = layers;
    this.map = map;
    this.panel = document.getElementById("faults");
    this.title = document.getElementById("faults-title");
    this.note = document.getElementById("faults-note");
    this.list = document.getElementById("faults-list");
    this.skip = document.getElementById("faults-skip");
    this.faults = [];
    this.list.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-number]");
      if (button) this.choose(Number(button.dataset.number));
    });
    document.getElementById("faults-close").addEventListener("click", () => this.close());
  }

  /** `document_`: what was uploaded, so that it can be drawn; `retry`: takes the good ones, where that is possible. */
  show({ faults, fault_count: count }, document_, retry = null) {
    this.faults = faults;
    this.document = document_;
    this.title.textContent = count === 1 ? "One problem, nothing was stored" : `${count.toLocaleString()} problems, nothing was stored`;
    this.note.textContent = count > faults.length ? `The first ${faults.length} are listed. Choose one to see its place.` : "Choose one to see its place.";
    this.list.replaceChildren(...faults.map((fault, number) => this.row(fault, number)));
    const features = new Set(faults.map((fault) => fault.feature));
    this.layers.show("wrong", { type: "FeatureCollection", features: [...features].flatMap((number) => this.features(number)) });
    this.skip.hidden = !retry;
    this.skip.onclick = retry;
    this.panel.hidden = false;
    this.title.focus();
    const first = faults.findIndex((fault) => fault.longitude !== null);
    if (first >= 0) this.choose(first);
  }

  row(fault, number) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "fault";
    button.dataset.number = number;
    const head = document.createElement("strong");
    head.textContent = fault.feature === null ? "" : `Feature ${fault.feature}${fault.name ? `, ${fault.name}` : ""}`;
    const said = document.createElement("span");
    said.textContent = fault.detail;
    const where = document.createElement("code");
    where.textContent = fault.path || "/";
    button.append(head, said, where);
    item.append(button);
    return item;
  }

  choose(number) {
    const fault = this.faults[number];
    for (const button of this.list.querySelectorAll("button")) {
      if (Number(button.dataset.number) === number) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    const places = this.faults
      .map((one, i) => ({ one, chosen: i === number }))
      .filter(({ one }) => one.longitude !== null)
      .map(({ one, chosen }) => ({ type: "Feature", properties: { chosen }, geometry: { type: "Point", coordinates: [one.longitude, one.latitude] } }));
    this.layers.show("wrong-places", { type: "FeatureCollection", features: places });
    if (fault.longitude === null) return;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map.flyTo({ center: [fault.longitude, fault.latitude], zoom: Math.max(this.map.getZoom(), 14), animate: !calm, maxDuration: 2500 });
    this.chosen = fault;
  }

  /** The feature as its outline, and as an area where it is one: of a ring that crosses itself a map may draw none. */
  features(number) {
    const whole = this.document;
    const feature = number === null ? whole : whole?.features?.[number];
    const geometry = feature?.type === "Feature" ? feature.geometry : feature?.coordinates ? feature : null;
    if (!drawable(geometry)) return [];
    const { type, coordinates } = geometry;
    const rings = type === "Polygon" ? coordinates : type === "MultiPolygon" ? coordinates.flat() : [];
    const lines = { type: "MultiLineString", coordinates: rings };
    return [geometry, ...(rings.length ? [lines] : [])].map((one) => ({ type: "Feature", properties: {}, geometry: one }));
  }

  close() {
    const nothing = { type: "FeatureCollection", features: [] };
    this.layers.show("wrong", nothing);
    this.layers.show("wrong-places", nothing);
    this.panel.hidden = true;
    this.faults = [];
    this.chosen = null;
  }
}

/** Whether a map could draw it: what was refused may be anything. */
function drawable(geometry) {
  if (!geometry || !["Polygon", "MultiPolygon", "LineString", "Point"].includes(geometry.type)) return false;
  const sound = (value) => Array.isArray(value) && value.length > 0 &&
    (Array.isArray(value[0]) ? value.every(sound) : value.length >= 2 && value.every((one) => typeof one === "number") && Math.abs(value[0]) <= 360 && Math.abs(value[1]) <= 90);
  return sound(geometry.coordinates);
}
