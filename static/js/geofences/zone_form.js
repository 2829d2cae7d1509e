// The form of one geofence: its fields read and filled, its colour chosen.

const COLOURS = ["", "#1b6fa3", "#0f8a6b", "#5b8c1a", "#b7791f", "#c2410c", "#be185d", "#7c3aed", "#475569"];
const NAMES = ["none", "blue", "green", "moss", "amber", "orange", "pink", "violet", "slate"];

export class ZoneForm {
  constructor(form) {
    this.form = form;
    this.swatches = document.getElementById("f-colours");
    this.swatches.append(...COLOURS.map((colour, i) => this.swatch(colour, NAMES[i])));
  }

  swatch(colour, name) {
    const label = document.createElement("label");
    label.className = "swatch";
    label.title = name;
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name: "colour", value: colour });
    input.setAttribute("aria-label", name);
    const dot = document.createElement("span");
    if (colour) dot.style.setProperty("--own", colour);
    label.append(input, dot);
    return label;
  }

  field(name) {
    return this.form.elements[name];
  }

  /** `shape` as the API gives it; {} for a new one. */
  fill(shape, externalId = "") {
    this.field("name").value = shape.name ?? "";
    this.field("external_id").value = externalId ?? "";
    this.field("margin_m").value = shape.margin_m ?? "";
    this.field("dwell").value = shape.dwell_s ? shape.dwell_s / 60 : "";
    this.field("alert_on_enter").checked = Boolean(shape.alert_on_enter);
    this.field("alert_on_exit").checked = Boolean(shape.alert_on_exit);
    this.radius(shape.kind, shape.radius_m);
    const known = COLOURS.includes(shape.colour ?? "");
    this.swatches.querySelector("[data-extra]")?.remove();
    if (!known) {
      const extra = this.swatch(shape.colour, shape.colour);
      extra.dataset.extra = "";
      this.swatches.append(extra);
    }
    for (const input of this.swatches.querySelectorAll("input")) input.checked = input.value === (shape.colour ?? "");
  }

  /** Show the field for a circle's radius or a corridor's whole width. */
  radius(kind, metres) {
    document.getElementById("f-radius-field").hidden = kind !== "circle" && kind !== "corridor";
    document.getElementById("f-radius-label").textContent = kind === "corridor" ? "Width" : "Radius";
    if (metres !== undefined && metres !== null) this.field("radius").value = round(kind === "corridor" ? metres * 2 : metres);
  }

  /** The body the server takes, without the geometry. */
  read(kind) {
    const number = (name) => (this.field(name).value.trim() === "" ? null : Number(this.field(name).value));
    const dwell = number("dwell");
    const body = {
      name: this.field("name").value.trim(),
      external_id: this.field("external_id").value.trim() || null,
      margin_m: number("margin_m"),
      dwell_s: dwell ? Math.round(dwell * 60) : null,
      alert_on_enter: this.field("alert_on_enter").checked,
      alert_on_exit: this.field("alert_on_exit").checked,
      colour: this.swatches.querySelector("input:checked")?.value ?? "",
    };
    if (kind === "circle") body.radius_m = number("radius");
    if (kind === "corridor") body.width_m = number("radius");
    return body;
  }

  lock(on) {
    for (const element of this.form.elements) if (element.tagName !== "BUTTON") element.disabled = on;
  }
}

function round(metres) {
  return metres >= 10 ? Math.round(metres) : Math.round(metres * 10) / 10;
}
