// All markers of the environment as one GPU layer: one buffer, one draw call, whatever their number.
//
// A fix writes eleven numbers into the buffer; the glide between two fixes runs in the vertex shader. A frame
// in which ten thousand markers move costs the script as much as one in which none does.

import { clampTexture, SHAPES, shapeSheet } from "./shape_sheet.js";
import { MARKER_FRAGMENT, MARKER_VERTEX, program } from "./shaders.js";
import { low, split, viewOf } from "./view.js";

const FLOATS = 12; // from high.xy low.xy, glide dx dy began 1/lasts, shape heading emphasis, one spare
const [SHAPE, HEADING, EMPHASIS] = [8, 9, 10];
const RISK = SHAPES.indexOf("risk");
const SIZE_PX = 22; // in a city; a country's worth of markers is drawn smaller
const SMALLEST_PX = 15;
const REBASE_S = 3600; // seconds as floats grow coarse: count them from a nearby moment

export class MarkerLayer {
  constructor(names, id = "markers") {
    this.id = id;
    this.type = "custom";
    this.renderingMode = "2d";
    this.names = names;
    this.capacity = 0;
    this.count = 0;
    this.slots = []; // slot -> device
    this.base = performance.now();
    this.firstDirty = Infinity;
    this.lastDirty = -1;
    this.selected = null;
    this.grow(1024);
  }

  onAdd(map, gl) {
    this.map = map;
    this.made = program(gl, MARKER_VERTEX, MARKER_FRAGMENT);
    this.buffer = gl.createBuffer();
    this.texture = gl.createTexture();
    this.sheetRatio = 0;
    this.array = gl.createVertexArray();
    gl.bindVertexArray(this.array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    for (const [name, size, offset] of [["a_from", 4, 0], ["a_glide", 4, 4], ["a_look", 3, 8]]) {
      const place = this.made.attribute(name);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, size, gl.FLOAT, false, FLOATS * 4, offset * 4);
    }
    this.lookAt = this.made.attribute("a_look");
    gl.bindVertexArray(null);
    this.onGpu = 0;
    this.names.onAdd(map, gl);
  }

  /** Write a device's place, glide and look; gives it a slot when it has none. */
  put(device) {
    if (!device.glide) return;
    if (device.slot < 0) {
      if (this.count === this.capacity) this.grow(this.capacity * 2);
      device.slot = this.count;
      this.count += 1;
    }
    this.slots[device.slot] = device;
    const { glide, slot } = device;
    const { data } = this;
    const at = slot * FLOATS;
    data[at] = glide.x; // a float of its own takes the high part
    data[at + 1] = glide.y;
    data[at + 2] = low(glide.x);
    data[at + 3] = low(glide.y);
    data[at + 4] = glide.dx;
    data[at + 5] = glide.dy;
    data[at + 6] = (glide.began - this.base) / 1000;
    data[at + 7] = 1000 / glide.lasts;
    const headed = Number.isFinite(device.heading_deg);
    data[at + SHAPE] = SHAPES.indexOf(device.status === "active" && !headed ? "dot" : device.status);
    data[at + HEADING] = headed ? (device.heading_deg * Math.PI) / 180 : 0;
    data[at + EMPHASIS] = device.filteredOut ? -1 : 0;
    this.touch(device.slot);
  }

  /** Show or hide a device as its filter says: one number, whatever else it is doing. */
  mask(device) {
    if (device.slot < 0) return;
    this.data[device.slot * FLOATS + EMPHASIS] = device.filteredOut ? -1 : 0;
    this.touch(device.slot);
  }

  /** Free a device's slot: the last marker takes it. */
  drop(device) {
    if (device.slot < 0) return;
    const last = this.slots[this.count - 1];
    const hole = device.slot;
    device.slot = -1;
    this.count -= 1;
    this.slots.length = this.count;
    if (last !== device) {
      last.slot = hole;
      this.put(last);
    }
  }

  /** Free every slot. */
  clear() {
    for (const device of this.slots) device.slot = -1;
    this.slots.length = this.count = 0;
    this.selected = null;
  }

  /** Colours as CSS: {active, idle, offline, waiting, risk, edge, accent, …}. */
  paint(colours) {
    this.colours = colours;
    this.sheetRatio = 0;
  }

  render(gl) {
    const now = performance.now();
    if (now - this.base > REBASE_S * 1000) this.rebase(now);
    const view = viewOf(this.map);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    gl.disable(gl.CULL_FACE);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    if (this.count) {
      gl.useProgram(this.made.program);
      this.upload(gl);
      gl.bindVertexArray(this.array);
      setPlace(gl, this.made.uniforms, view, (now - this.base) / 1000);
      this.setLook(gl, view);
      // twice: what is at risk lies on top of the crowd, not somewhere in it
      for (const only of [-1, RISK]) {
        gl.uniform1f(this.made.uniforms.u_only, only);
        gl.drawArrays(gl.POINTS, 0, this.count);
      }
      if (this.selected && this.selected.slot >= 0) this.drawSelected(gl);
      gl.bindVertexArray(null);
    }
    this.names.render(gl, view, now);
  }

  setLook(gl, view) {
    const { uniforms } = this.made;
    const ratio = window.devicePixelRatio;
    const cell = Math.round((SIZE_PX * ratio) / 2) * 2;
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    if (this.sheetRatio !== ratio) {
      gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
      gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, shapeSheet(cell, this.colours));
      clampTexture(gl);
      this.sheetRatio = ratio;
    }
    gl.uniform1i(uniforms.u_sheet, 0);
    const near = Math.max(0, Math.min(1, (Math.log2(view.scale / 512) - 7) / 4));
    gl.uniform1f(uniforms.u_size, (cell / SIZE_PX) * (SMALLEST_PX + (SIZE_PX - SMALLEST_PX) * near));
    gl.uniform1f(uniforms.u_bearing, view.bearing);
    gl.uniform1f(uniforms.u_column, 1 / SHAPES.length);
  }

  // Drawn a second time, on top and with its ring: its look is given as a constant for this one call.
  drawSelected(gl) {
    const look = this.lookAt;
    gl.uniform1f(this.made.uniforms.u_only, -1);
    const at = this.selected.slot * FLOATS;
    gl.disableVertexAttribArray(look);
    gl.vertexAttrib3f(look, this.data[at + SHAPE], this.data[at + HEADING], 1);
    gl.drawArrays(gl.POINTS, this.selected.slot, 1);
    gl.enableVertexAttribArray(look);
  }

  upload(gl) {
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    if (this.onGpu !== this.capacity) {
      gl.bufferData(gl.ARRAY_BUFFER, this.data, gl.DYNAMIC_DRAW);
      this.onGpu = this.capacity;
    } else if (this.lastDirty >= 0) {
      const from = this.firstDirty * FLOATS;
      gl.bufferSubData(gl.ARRAY_BUFFER, from * 4, this.data, from, (this.lastDirty + 1) * FLOATS - from);
    }
    this.firstDirty = Infinity;
    this.lastDirty = -1;
  }

  touch(slot) {
    if (slot < this.firstDirty) this.firstDirty = slot;
    if (slot > this.lastDirty) this.lastDirty = slot;
  }

  grow(capacity) {
    const data = new Float32Array(capacity * FLOATS);
    if (this.data) data.set(this.data);
    this.data = data;
    this.capacity = capacity;
  }

  rebase(now) {
    this.base = now;
    for (const device of this.slots) this.put(device);
    this.names.forget();
  }
}

/** The uniforms that markers and names share. `seconds` is on the layer's clock. */
export function setPlace(gl, uniforms, view, seconds) {
  const [xHigh, xLow] = split(view.x);
  const [yHigh, yLow] = split(view.y);
  gl.uniform4f(uniforms.u_centre, xHigh, yHigh, xLow, yLow);
  gl.uniform4f(uniforms.u_view, view.cos, view.sin, (2 * view.scale) / view.width, (2 * view.scale) / view.height);
  gl.uniform1f(uniforms.u_now, seconds);
}
