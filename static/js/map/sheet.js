// The list as a sheet on a phone: pulled up and down by its head, or opened by its handle with a key.

const TAP_PX = 8;

export class Sheet {
  constructor(root, handle, head) {
    this.root = root;
    this.handle = handle;
    this.open(false);
    handle.addEventListener("click", (event) => event.detail === 0 && this.open(!this.isOpen)); // keys and readers
    for (const grip of [handle, head]) {
      grip.addEventListener("pointerdown", (event) => this.grab(event, grip));
    }
  }

  get isOpen() {
    return this.root.dataset.open === "true";
  }

  open(on) {
    this.root.dataset.open = String(on);
    this.handle.setAttribute("aria-expanded", String(on));
    this.root.style.removeProperty("--sheet-hidden");
  }

  grab(down, grip) {
    if (!this.handle.offsetParent || (down.target.closest("button") ?? this.handle) !== this.handle) return;
    grip.setPointerCapture(down.pointerId);
    const room = this.root.offsetHeight - 68;
    const from = this.isOpen ? 0 : room;
    let moved = 0;
    const move = (event) => {
      moved = event.clientY - down.clientY;
      if (Math.abs(moved) < TAP_PX) return;
      this.root.dataset.dragging = "true";
      this.root.style.setProperty("--sheet-hidden", `${Math.max(0, Math.min(room, from + moved))}px`);
    };
    const end = (event) => {
      grip.removeEventListener("pointermove", move);
      delete this.root.dataset.dragging;
      if (event.type === "pointercancel") this.open(this.isOpen);
      else if (Math.abs(moved) < TAP_PX) this.open(!this.isOpen);
      else this.open(moved < 0);
    };
    grip.addEventListener("pointermove", move);
    grip.addEventListener("pointerup", end, { once: true });
    grip.addEventListener("pointercancel", end, { once: true });
  }
}
