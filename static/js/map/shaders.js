// GLSL of the marker layer: place and glide in the vertex shaders, shapes and names in the fragment shaders.

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
uniform float u_size;    // device pixels across a marker with its edge
uniform float u_bearing; // radians
in vec3 a_look;          // status, heading in radians or -1, emphasis: 0 none, 1 selected, -1 filtered out
flat out int v_status;
flat out float v_known;
flat out float v_emphasis;
flat out vec2 v_turn;
void main() {
  gl_Position = vec4(place(), 0.0, 1.0);
  gl_PointSize = a_look.z < 0.0 ? 0.0 : u_size * (a_look.z > 0.0 ? 2.0 : 1.0);
  if (a_look.z < 0.0) gl_Position = vec4(2.0, 2.0, 0.0, 1.0);
  v_status = int(a_look.x + 0.5);
  v_known = a_look.y;
  v_emphasis = a_look.z;
  float turn = a_look.y - u_bearing;
  v_turn = vec2(cos(turn), sin(turn));
}`;

export const MARKER_FRAGMENT = `#version 300 es
precision highp float;
uniform vec3 u_colours[4];
uniform vec3 u_edge;
uniform vec3 u_accent;
uniform float u_size;
flat in int v_status;
flat in float v_known;
flat in float v_emphasis;
flat in vec2 v_turn;
out vec4 colour;

float box(vec2 p, vec2 b, float r) {
  vec2 q = abs(p) - b + r;
  return length(max(q, 0.0)) + min(max(q.x, q.y), 0.0) - r;
}

// A navigation arrow that points up: signed distance to a four-cornered polygon.
float arrow(vec2 p) {
  vec2 corners[4] = vec2[4](vec2(0.0, -0.98), vec2(0.74, 0.78), vec2(0.0, 0.42), vec2(-0.74, 0.78));
  float d = dot(p - corners[0], p - corners[0]);
  float s = 1.0;
  for (int i = 0, j = 3; i < 4; j = i, i++) {
    vec2 e = corners[j] - corners[i];
    vec2 w = p - corners[i];
    vec2 b = w - e * clamp(dot(w, e) / dot(e, e), 0.0, 1.0);
    d = min(d, dot(b, b));
    bvec3 c = bvec3(p.y >= corners[i].y, p.y < corners[j].y, e.x * w.y > e.y * w.x);
    if (all(c) || all(not(c))) s = -s;
  }
  return s * sqrt(d);
}

float shape(vec2 p) {
  if (v_status == 0) {
    if (v_known < 0.0) return length(p) - 0.62;
    return arrow(vec2(p.x * v_turn.x + p.y * v_turn.y, -p.x * v_turn.y + p.y * v_turn.x)) - 0.04;
  }
  if (v_status == 1) return box(p, vec2(0.56), 0.16);
  return abs(length(p) - 0.46) - 0.17;
}

vec4 over(vec4 top, vec4 under) { return top + under * (1.0 - top.a); }

void main() {
  float grown = v_emphasis > 0.0 ? 2.0 : 1.0;
  vec2 p = (gl_PointCoord * 2.0 - 1.0) * 1.28 * grown;   // 1.28: room for the edge
  float pixel = 2.0 * 1.28 / u_size;
  float scale = v_emphasis > 0.0 ? 1.35 : 1.0;
  float d = shape(p / scale) * scale;
  float fill = 1.0 - smoothstep(-pixel, pixel * 0.4, d);
  float edge = 1.0 - smoothstep(-pixel, pixel, d - 0.17);
  vec4 paint = vec4(u_colours[v_status], 1.0) * fill;
  colour = over(paint, vec4(u_edge, 1.0) * edge);
  if (v_emphasis > 0.0) {
    float r = length(p);
    float halo = (1.0 - smoothstep(-pixel, pixel, r - 2.2)) * 0.2;
    float ring = 1.0 - smoothstep(-pixel, pixel, abs(r - 2.2) - 0.11);
    colour = over(colour, over(vec4(u_accent, 1.0) * ring, vec4(u_accent, 1.0) * halo));
  }
}`;

export const NAME_VERTEX = `#version 300 es
precision highp float;
${PLACE}
uniform vec4 u_pixel;    // clip units of one device pixel (x, y); 1 / atlas width, 1 / atlas height
uniform float u_drop;    // device pixels from the marker's middle down to the name
in vec4 a_sheet;         // left, top, width, height in the atlas, device pixels
out vec2 v_sheet;
void main() {
  vec2 corner = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
  vec2 offset = vec2(floor(-a_sheet.z * 0.5) + corner.x * a_sheet.z, -u_drop - corner.y * a_sheet.w);
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
