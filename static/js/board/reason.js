// The last question before a move is made: why? Nothing is sent without an answer.

import { weighedCard } from "./preview.js";

export class ReasonDialog {
  /** `dialog` is the <dialog> of the page; `closed()`. */
  constructor(dialog, { closed }) {
    this.dialog = dialog;
    this.closed = closed;
    this.form = dialog.querySelector("form");
    this.part = (name) => dialog.querySelector(`[data-part=${name}]`);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.part("back").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => this.closed());
  }

  /** `apply(reasonCode, reason)` resolves to {ok, status, body}; `does` is on the button. */
  open(says, { apply, does = "Move it" }) {
    this.apply = apply;
    this.does = does;
    this.part("says").textContent = says;
    this.part("cost").replaceChildren();
    this.complain("");
    this.part("moved").hidden = true;
    this.form.elements.reason.value = "";
    this.form.elements.reason_code.value = "";
    this.busy(false);
    if (!this.dialog.open) this.dialog.showModal();
    this.form.elements.reason_code.focus();
  }

  show(weighed) {
    this.part("cost").replaceChildren(...weighedCard(weighed));
    this.part("apply").disabled = Boolean(weighed?.refused);
  }

  complain(text) {
    const error = this.part("error");
    error.textContent = text;
    error.hidden = !text;
  }

  busy(on) {
    this.part("apply").disabled = on;
    this.part("apply").textContent = on ? "One moment…" : this.does;
  }

  async send() {
    const { reason_code: code, reason } = this.form.elements;
    if (!code.value || !reason.value.trim()) {
      this.complain("Say why: choose a kind of reason and write a sentence. It is kept with the move.");
      (code.value ? reason : code).focus();
      return;
    }
    this.busy(true);
    const { ok, status, body } = await this.apply(code.value, reason.value.trim());
    this.busy(false);
    if (ok) this.dialog.close();
    else if (status === 409) this.conflict(body);
    else this.complain(body.detail ?? "The move was refused.");
  }

  /** Somebody was quicker: what they changed, and the move weighed anew against it. */
  conflict({ detail, changes = [] }) {
    this.complain("");
    const moved = this.part("moved");
    moved.querySelector("p").textContent = detail;
    moved.querySelector("ul").replaceChildren(
      ...changes.map(({ says }) => {
        const line = document.createElement("li");
        line.textContent = says;
        return line;
      }),
    );
    moved.hidden = false;
    this.part("apply").textContent = `${this.does} all the same`;
  }
}
