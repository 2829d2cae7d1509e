// Tabs: one pane of several, chosen by pointer or arrow keys.

export class Tabs {
  /** `list` holds the role=tab buttons, each naming its pane in aria-controls. `changed(id)` gets the chosen tab's id. */
  constructor(list, { changed = () => {} } = {}) {
    this.tabs = [...list.querySelectorAll("[role=tab]")];
    this.changed = changed;
    list.addEventListener("click", ({ target }) => {
      const tab = target.closest("[role=tab]");
      if (tab) this.choose(tab.id);
    });
    list.addEventListener("keydown", (event) => this.key(event));
  }

  get chosen() {
    return this.tabs.find((tab) => tab.getAttribute("aria-selected") === "true").id;
  }

  choose(id) {
    for (const tab of this.tabs) {
      const on = tab.id === id;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !on;
    }
    this.changed(id);
  }

  key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = this.tabs.indexOf(document.activeElement);
    const next = this.tabs[(at + step + this.tabs.length) % this.tabs.length];
    this.choose(next.id);
    next.focus();
  }
}
