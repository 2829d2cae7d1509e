// The zones on the page: read from the server, switched on and off, opened by a click.

import { ZoneCard } from "./zone_card.js";

export class Zones {
  /** `page` is the live page; `url` answers the zones in force as GeoJSON, `pageUrl` holds GEOFENCE where the id goes. */
  constructor(page, { card, toggle }, { url, page: pageUrl }) {
    this.page = page;
    this.url = url;
    this.toggle = toggle;
    this.visible = true;
    this.card = new ZoneCard(card, {
      close: () => this.close(), fit: ({ box }) => page.stage.fitBounds(box, { animate: true }),
      filter: (zone, on) => page.onlyZone(on ? zone.id : ""),
      open: (id) => page.openById(id), page: (id) => (pageUrl ? pageUrl.replace("GEOFENCE", id) : ""),
    });
    toggle.addEventListener("click", () => {
      if (!this.collection) return this.read();
      this.show(!this.visible);
      return page.address.write();
    });
  }

  get open() {
    return this.card.zone !== null;
  }

  start(visible) {
    this.layer = this.page.scenery.zones;
    this.show(visible);
    if (this.collection) this.take(this.collection);
  }

  /** Read the zones in force; they change with each publish. */
  async read() {
    if (!this.url) return;
    const answer = await fetch(this.url, { credentials: "same-origin" }).catch(() => null);
    if (answer?.ok) this.take(await answer.json());
    else if (!this.collection) {
      this.toggle.hidden = false;
      this.toggle.textContent = "Zones did not load. Again";
    }
  }

  take(collection) {
    this.collection = collection;
    this.page.filter.zones(new Map(collection.features.map((zone) => [zone.id, zone.properties.name])));
    this.toggle.hidden = collection.features.length === 0;
    this.toggle.textContent = "Zones";
    this.layer?.set(collection);
    this.page.soon();
    if (this.open && this.layer && !this.layer.byId.has(this.card.zone.id)) this.close();
  }

  show(on) {
    this.visible = on;
    this.toggle.setAttribute("aria-pressed", String(on));
    this.layer?.show(on);
    if (!on) this.close();
  }

  click(point) {
    const zone = this.layer.at(point);
    if (!zone) return;
    this.page.selection.close();
    this.card.show(zone, { focus: true });
    this.layer.mark(zone.id);
    this.draw();
    this.page.changed();
  }

  close() {
    if (!this.open) return;
    this.card.show(null);
    this.layer.mark(null);
    this.page.changed();
  }

  draw() {
    this.card.draw(this.page.store.devices.values(), this.page.filter.criteria.zone === this.card.zone?.id);
  }

  /** Names of the zones with these ids, as far as they are in force. */
  names(ids) {
    return (ids ?? []).map((id) => this.layer?.byId.get(id)?.name).filter(Boolean);
  }
}
