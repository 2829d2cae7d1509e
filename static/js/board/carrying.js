// A stop in the hand: picked up with mouse, finger, pen or keyboard, aimed, let go or put back.

const SLOP_PX = 5; // a click is no drag
const HOLD_MS = 280; // a finger that rests picks up, one that moves scrolls
const EDGE_PX = 48; // near an edge the Gantt scrolls by itself
const KEYS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);

export class Carrying {
  /**
   * `board`: {plan, targetUnder(x, y, shipment), aim(shipment, target), drop(shipment, target), cancel(), walk(bar, key), may}.
   */
  constructor(root, scroller, board) {
    this.root = root;
    this.scroller = scroller;
    this.board = board;
    this.shipment = null;
    root.addEventListener("pointerdown", (event) => this.press(event));
    window.addEventListener("pointermove", (event) => this.move(event));
    window.addEventListener("pointerup", (event) => this.release(event));
    window.addEventListener("pointercancel", () => this.byPointer && this.putBack());
    // a finger that carries must not scroll the page under it
    root.addEventListener("touchmove", (event) => this.byPointer && this.shipment && event.preventDefault(), { passive: false });
    root.addEventListener("contextmenu", (event) => this.pressed?.touch && event.preventDefault());
    root.addEventListener("keydown", (event) => this.key(event));
    this.ghost = document.createElement("div");
    this.ghost.className = "carried-ghost";
    this.ghost.setAttribute("aria-hidden", "true");
    this.ghost.hidden = true;
    root.append(this.ghost);
  }

  get busy() {
    return this.shipment !== null;
  }

  press(event) {
    const handle = event.target.closest("[data-shipment]");
    if (!handle || event.button !== 0 || this.busy) return;
    this.begin(handle.dataset.shipment, event);
  }

  /** A press on something that stands for a stop; the map calls it too. */
  begin(shipment, { clientX, clientY, pointerType, pointerId }) {
    if (!this.board.may || !this.board.plan?.movable(shipment)) return;
    const touch = pointerType === "touch";
    this.pressed = { shipment, x: clientX, y: clientY, pointerId, touch };
    if (touch) this.holding = setTimeout(() => this.pickUp(clientX, clientY), HOLD_MS);
  }

  move(event) {
    if (!this.pressed || event.pointerId !== this.pressed.pointerId) return;
    const { clientX: x, clientY: y } = event;
    const gone = Math.hypot(x - this.pressed.x, y - this.pressed.y);
    if (!this.busy) {
      if (gone < SLOP_PX) return;
      if (this.pressed.touch) {
        this.forget(); // it scrolls
        return;
      }
      this.pickUp(x, y);
    }
    this.at = { x, y };
    this.aiming ??= requestAnimationFrame(() => this.aimAtPointer());
  }

  pickUp(x, y) {
    this.shipment = this.pressed.shipment;
    this.byPointer = true;
    this.at = { x, y };
    const { stop } = this.board.plan.get(this.shipment);
    this.ghost.textContent = stop.name;
    this.ghost.hidden = false;
    this.root.classList.add("carrying");
    if (this.pressed.touch) navigator.vibrate?.(15);
    this.aimAtPointer();
    this.scrolling = setInterval(() => this.scrollAtEdge(), 16);
  }

  aimAtPointer() {
    this.aiming = null;
    if (!this.busy || !this.byPointer) return;
    const { x, y } = this.at;
    this.ghost.style.transform = `translate(${x + 12}px, ${y + 10}px)`;
    this.aim(this.board.targetUnder(x, y, this.shipment));
  }

  aim(target) {
    const same = target && this.target && target.to === this.target.to && target.before === this.target.before;
    if (same || (!target && !this.target)) return;
    this.target = target;
    this.board.aim(this.shipment, target);
  }

  scrollAtEdge() {
    const box = this.scroller.getBoundingClientRect();
    const { x, y } = this.at;
    if (x < box.left || x > box.right || y < box.top || y > box.bottom) return;
    const pull = (near, far) => (near < EDGE_PX ? near - EDGE_PX : far < EDGE_PX ? EDGE_PX - far : 0) / 4;
    const [dx, dy] = [pull(x - box.left, box.right - x), pull(y - box.top, box.bottom - y)];
    if (!dx && !dy) return;
    this.scroller.scrollBy(dx, dy);
    this.aiming ??= requestAnimationFrame(() => this.aimAtPointer());
  }

  release(event) {
    if (!this.pressed || event.pointerId !== this.pressed.pointerId) return;
    if (this.busy && this.byPointer) {
      const { shipment, target } = this;
      swallowClick();
      this.end();
      if (target && !this.board.plan.same(shipment, target)) this.board.drop(shipment, target);
      else this.board.cancel();
    }
    this.forget();
  }

  key(event) {
    if (event.key === "Escape" && this.busy) {
      event.preventDefault();
      this.putBack();
      return;
    }
    const handle = event.target.closest("[data-shipment]");
    if (!handle) return;
    if (this.busy && !this.byPointer) this.carryByKey(event);
    else if (event.key === "Enter" || event.key === " ") this.pickUpByKey(event, handle);
    else if (KEYS.has(event.key) && handle.classList.contains("stop-bar")) {
      event.preventDefault();
      this.board.walk(handle, event.key);
    }
  }

  pickUpByKey(event, handle) {
    const { shipment } = handle.dataset;
    event.preventDefault();
    if (!this.board.may || !this.board.plan.movable(shipment)) return;
    this.shipment = shipment;
    this.byPointer = false;
    this.target = null;
    this.root.classList.add("carrying");
    this.aim(this.board.plan.here(shipment));
  }

  carryByKey(event) {
    const { plan } = this.board;
    const { stop } = plan.get(this.shipment);
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      const { shipment, target } = this;
      this.end();
      if (plan.same(shipment, target)) this.board.cancel();
      else this.board.drop(shipment, target);
    } else if (KEYS.has(event.key)) {
      event.preventDefault();
      const by = event.key === "ArrowLeft" || event.key === "ArrowUp" ? -1 : 1;
      const along = event.key === "ArrowLeft" || event.key === "ArrowRight";
      const ms = stop.at ?? plan.document.now;
      this.aim(along ? plan.step(this.target, by, this.shipment) : plan.climb(this.target, by, ms, this.shipment));
    } else if (event.key === "Tab") {
      this.putBack();
    }
  }

  putBack() {
    this.end();
    this.forget();
    this.board.cancel();
  }

  forget() {
    clearTimeout(this.holding);
    this.pressed = null;
  }

  end() {
    clearInterval(this.scrolling);
    if (this.aiming) cancelAnimationFrame(this.aiming);
    this.aiming = null;
    this.shipment = null;
    this.target = null;
    this.byPointer = false;
    this.ghost.hidden = true;
    this.root.classList.remove("carrying");
  }
}

/** The click that follows a drop must not open what lies under it. */
function swallowClick() {
  const swallow = (click) => click.stopPropagation();
  window.addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => window.removeEventListener("click", swallow, { capture: true }), 0);
}
