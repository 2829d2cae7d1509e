// The list beside the map: found by name or id, each with its colour and whether it is published.

const SHOWN = 300;
const WORDS = { new: "new", changed: "changed", published: "", retiring: "ends with the next publish" };

export class ZoneList {
  /** `open(id)` when one is chosen. */
  constructor({ list, search, none, count }, open) {
    this.element = list;
    this.search = search;
    this.none = none;
    this.count = count;
    this.open = open;
    this.zones = [];
    this.chosen = "";
    search.addEventListener("input", () => this.render());
    list.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-id]");
      if (button) open(button.dataset.id);
    });
  }

  /** `zones`: [{id, name, external_id, state, colour, kind}] */
  fill(zones) {
    this.zones = [...zones].sort((a, b) => a.name.localeCompare(b.name));
    this.count.textContent = zones.length ? zones.length.toLocaleString() : "";
    this.render();
  }

  choose(id) {
    this.chosen = id;
    for (const button of this.element.querySelectorAll("button")) this.mark(button);
    this.element.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }

  mark(button) {
    if (button.dataset.id === this.chosen) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }

  render() {
    const text = this.search.value.trim().toLowerCase();
    const found = this.zones.filter((zone) => !text || `${zone.name}\n${zone.external_id}`.toLowerCase().includes(text));
    this.element.replaceChildren(...found.slice(0, SHOWN).map((zone) => this.row(zone)));
    this.none.hidden = found.length > 0 && found.length <= SHOWN;
    if (!this.zones.length) this.none.textContent = "No geofences yet. Draw one on the map, or drop a GeoJSON file here.";
    else if (!found.length) this.none.textContent = "No geofence matches.";
    else this.none.textContent = `The first ${SHOWN} of ${found.length.toLocaleString()}. Search to narrow them.`;
  }

  row(zone) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.id = zone.id;
    button.dataset.state = zone.state;
    const mark = document.createElement("span");
    mark.className = `zone-mark ${zone.kind}`;
    if (zone.colour) mark.style.setProperty("--own", zone.colour);
    const name = document.createElement("bdi");
    name.className = "zone-name";
    name.textContent = zone.name;
    const state = document.createElement("span");
    state.className = "zone-state";
    state.textContent = WORDS[zone.state] ?? "";
    button.append(mark, name, state);
    this.mark(button);
    item.append(button);
    return item;
  }
}
