// What people changed today, newest first; the last word on each can be taken back.

import { signed } from "./words.js";
import { clock } from "./scale.js";

export class OverrideLog {
  /** `parts`: {list, none}; `undo(id, says)`. */
  constructor(parts, { undo }) {
    this.parts = parts;
    parts.list.addEventListener("click", (event) => {
      const button = event.target.closest("[data-undo]");
      if (button) undo(button.dataset.undo, button.dataset.says);
    });
  }

  show(plan, may) {
    const { overrides, timezone } = plan.document;
    const said = JSON.stringify(overrides);
    if (said === this.said) return;
    this.said = said;
    this.parts.none.hidden = overrides.length > 0;
    this.parts.list.replaceChildren(...overrides.map((one) => this.item(one, timezone, may)));
  }

  item(one, timezone, may) {
    const item = document.createElement("li");
    const add = (tag, className, text) => {
      const element = document.createElement(tag);
      element.className = className;
      element.textContent = text;
      item.append(element);
      return element;
    };
    add("span", "log-says", one.says);
    add("span", "log-why", `“${one.reason}”`);
    add("span", "log-who", `${clock(one.at, timezone)} · ${one.author} · ${signed(one.cost)} cost units`);
    if (one.undone_by) add("span", "log-who", `taken back by ${one.undone_by}`);
    else if (may && one.undoable) {
      const button = add("button", "tiny quiet", "Undo");
      button.type = "button";
      button.dataset.undo = one.id;
      button.dataset.says = one.says;
      button.setAttribute("aria-label", `Undo: ${one.says}`);
    }
    return item;
  }
}
