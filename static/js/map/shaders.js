// GLSL of the marker layer: place and glide in the vertex shaders, shapes and names from textures in the fragment shaders.

// Shared by markers and names: the place at u_now, relative to the centre of the screen, in clip space.
const PLACE = `
uniform vec4 u_centre;   // high.xy, low.xy
uniform vec4 u_view;     // cos, sin, pixels across half the width and half the height in world units
uniform float u_now;     // seconds
in vec4 a_from;          // high.xy, low.xy
in vec4 a_glide;         // dx, dy, began (s), 1 / lasts
vec2 place() {
  float share = clamp((u_now - a_glide.z) * a_glide.w, 0.0, 1.0);
  vec2 d = (a_from.xy - u_centre.xy) + (a_from.zw - u_centre.zw) + a_glide.xy * share;
  d.x -= floor(d.x + 0.5);
  vec2 turned = vec2(d.x * u_view.x - d.y * u_view.y, d.x * u_view.y + d.y * u_view.x);
  return vec2(turned.x * u_view.z, -turned.y * u_view.w);
}`;

export const MARKER_VERTEX = `#version 300 es
precision highp float;
${PLACE}
uniform float u_size;    // device pixels across a cell of the sheet
uniform float u_bearing; // radians
uniform float u_only;    // the one column to draw, -1 for all
uniform float u_column;  // width of a column of the sheet, 0..1
in vec3 a_look;          // column in the sheet, turn in radians, emphasis: 0 none, 1 selected, -1 filtered out
flat out vec4 v_cell;    // left, top, width, height in the sheet, 0..1
flat out vec2 v_turn;
void main() {
  bool hidden = a_look.z < 0.0 || (u_only >= 0.0 && a_look.x != u_only);
  gl_Position = hidden ? vec4(2.0, 2.0, 0.0, 1.0) : vec4(place(), 0.0, 1.0);
  bool large = a_look.z > 0.0;
  gl_PointSize = large ? u_size * 2.0 : u_size;
  float turn = a_look.x < 0.5 ? a_look.y - u_bearing : 0.0; // the arrow alone turns
  v_turn = vec2(cos(turn), sin(turn));
  float left = a_look.x * u_column;
  // a row of plain cells above a row of large ones
  v_cell = large ? vec4(left, 1.0 / 3.0, u_column, 2.0 / 3.0) : vec4(left, 0.0, u_column * 0.5, 1.0 / 3.0);
}`;

// One texture look-up: computing shapes here is what a software renderer cannot afford.
export const MARKER_FRAGMENT = `#version 300 es
precision mediump float;
uniform sampler2D u_sheet;
flat in vec4 v_cell;
flat in vec2 v_turn;
out vec4 colour;
void main() {
  vec2 p = gl_PointCoord - 0.5;
  p = vec2(p.x * v_turn.x + p.y * v_turn.y, p.y * v_turn.x - p.x * v_turn.y);
  p = clamp(p, -0.5, 0.5) + 0.5; // the rim of a cell is empty
  colour = texture(u_sheet, v_cell.xy + p * v_cell.zw);
}`;

export const NAME_VERTEX = `#version 300 es
precision highp float;
${PLACE}
uniform vec4 u_pixel;    // clip units of one device pixel (x, y); 1 / atlas width, 1 / atlas height
in float a_drop;         // device pixels from the marker's middle down to the name
in vec4 a_sheet;         // left, top, width, height in the atlas, device pixels
out vec2 v_sheet;
void main() {
  vec2 corner = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
  vec2 offset = vec2(floor(-a_sheet.z * 0.5) + corner.x * a_sheet.z, -a_drop - corner.y * a_sheet.w);
  vec2 middle = floor((place() + 1.0) / u_pixel.xy + 0.5);   // whole pixels, or the letters blur
  gl_Position = vec4((middle + offset) * u_pixel.xy - 1.0, 0.0, 1.0);
  v_sheet = (a_sheet.xy + corner * a_sheet.zw) * u_pixel.zw;
}`;

export const NAME_FRAGMENT = `#version 300 es
precision highp float;
uniform sampler2D u_atlas;
in vec2 v_sheet;
out vec4 colour;
void main() { colour = texture(u_atlas, v_sheet); }`;

/** A linked program with the places of its attributes and uniforms; throws what the driver said. */
export function program(gl, vertex, fragment) {
  const made = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made));
  const uniforms = {};
  for (let i = 0; i < gl.getProgramParameter(made, gl.ACTIVE_UNIFORMS); i += 1) {
    const name = gl.getActiveUniform(made, i).name;
    uniforms[name.replace("[0]", "")] = gl.getUniformLocation(made, name);
  }
  return { program: made, uniforms, attribute: (name) => gl.getAttribLocation(made, name) };
}
