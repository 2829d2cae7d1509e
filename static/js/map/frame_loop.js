// One animation loop for everything that moves: at most 30 frames a second while markers glide, none when all stand.

const FRAME_MS = 1000 / 30;
const KEPT = 600;

export class FrameLoop {
  /** `movingUntil()` is when the last glide ends, on the performance clock. */
  constructor(map, movingUntil) {
    this.map = map;
    this.movingUntil = movingUntil;
    this.asked = false;
    this.drawnAt = 0;
    this.scriptMs = []; // what the last frames cost the script
    this.gapsMs = []; // and how far apart they were
  }

  /** Something changed: draw soon, and go on while markers glide. */
  request() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame((now) => this.tick(now));
  }

  tick(now) {
    this.asked = false;
    if (now - this.drawnAt < FRAME_MS - 3) return this.request();
    if (this.map.isMoving()) {
      this.drawnAt = now; // the camera draws each frame itself, markers included
    } else {
      const began = performance.now();
      this.map.redraw();
      keep(this.scriptMs, performance.now() - began);
      keep(this.gapsMs, now - this.drawnAt);
      this.drawnAt = now;
    }
    if (this.movingUntil() > now) this.request();
    return undefined;
  }
}

function keep(list, value) {
  list.push(value);
  if (list.length > KEPT) list.shift();
}
