// The cost of the best plan over the seconds of a search, as an SVG that its page styles.

const HIGH = 170, LEFT = 54, RIGHT = 14, TOP = 14, BOTTOM = 26;

function make(svg, name, attributes, text = "") {
  const element = svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", name));
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

/** Draw [[seconds, cost, unserved], …]; `until` is where the axis of time ends. Returns a sentence that says the same. */
export function drawCurve(svg, progress, until) {
  svg.replaceChildren();
  const wide = Math.max(260, svg.clientWidth || 600); // text keeps its size on a phone
  svg.setAttribute("viewBox", `0 0 ${wide} ${HIGH}`);
  if (!progress.length) {
    make(svg, "text", { x: wide / 2, y: HIGH / 2, class: "none" }, "No plan yet");
    return "No plan yet.";
  }
  const end = Math.max(until, progress.at(-1)[0], 1);
  const costs = progress.map(([, cost]) => cost);
  const [low, high] = [Math.min(...costs), Math.max(...costs)];
  const room = Math.max((high - low) * 0.15, high * 0.01, 0.5);
  const x = (seconds) => LEFT + ((wide - LEFT - RIGHT) * seconds) / end;
  const y = (cost) => TOP + ((HIGH - TOP - BOTTOM) * (high + room - cost)) / (high - low + 2 * room);
  for (const cost of [low, high]) {
    make(svg, "line", { class: "grid", x1: LEFT, x2: wide - RIGHT, y1: y(cost), y2: y(cost) });
    make(svg, "text", { x: LEFT - 6, y: y(cost) + 4, "text-anchor": "end" }, cost.toFixed(cost < 100 ? 1 : 0));
    if (low === high) break;
  }
  make(svg, "text", { x: LEFT, y: HIGH - 8 }, "0 s");
  make(svg, "text", { x: wide - RIGHT, y: HIGH - 8, "text-anchor": "end" }, `${Math.round(end)} s`);
  // a plan stays the best until a better one is found: steps, not slopes
  const steps = progress.map(([seconds, cost], number) => `${number ? `H${x(seconds)}` : `M${x(seconds)} ${y(cost)}`}V${y(cost)}`).join("") + `H${x(end)}`;
  make(svg, "path", { class: "area", d: `${steps}V${HIGH - BOTTOM}H${x(progress[0][0])}Z` });
  make(svg, "path", { class: "line", d: steps });
  make(svg, "circle", { class: "end", cx: x(progress.at(-1)[0]), cy: y(costs.at(-1)), r: 5 });
  const saved = high ? Math.round((100 * (costs[0] - costs.at(-1))) / costs[0]) : 0;
  return `From ${costs[0].toFixed(1)} to ${costs.at(-1).toFixed(1)} in ${progress.at(-1)[0].toFixed(1)} s${saved > 0 ? `: ${saved} % cheaper` : ""}.`;
}
