// Builds pieces of the page. Text is always text: nothing a shipment says can become markup.

/** element("p.small", {title: "…"}, "text", child, …); attributes that begin with "on" are listeners; null is left out. */
export function element(kind, ...parts) {
  const [name, ...classes] = kind.split(".");
  const made = document.createElement(name);
  if (classes.length) made.className = classes.join(" ");
  for (const part of parts.flat()) {
    if (part === null || part === undefined || part === false) continue;
    if (typeof part === "object" && !(part instanceof Node)) attributes(made, part);
    else made.append(part);
  }
  return made;
}

function attributes(made, values) {
  for (const [name, value] of Object.entries(values)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value);
  }
}

export function button(text, listener, kind = "button") {
  return element(kind, { type: "button", onclick: listener }, text);
}

/** A labelled field; returns the pair [label element, input]. */
export function field(label, input, hint = "") {
  input.id ||= `f${Math.random().toString(36).slice(2)}`;
  return element("div.field", element("label", { for: input.id }, label), input, hint ? element("p.small", hint) : null);
}
