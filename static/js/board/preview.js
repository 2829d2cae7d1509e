// What a move would cost and break: asked of the server while the stop is still in the hand, the last question wins.

import { post } from "../geofences/server.js";
import { amount, costSentence, signed, termsOf } from "./words.js";

const AFTER_MS = 90; // a hand that passes over ten drivers asks once

export class Preview {
  /** `told(weighed | null, request)` gets each answer, null while nothing is known. */
  constructor(url, { told }) {
    this.url = url;
    this.told = told;
    this.number = 0;
    this.known = new Map(); // what was answered for these revisions need not be asked again
  }

  ask(request) {
    this.number += 1;
    const mine = this.number;
    clearTimeout(this.waiting);
    const key = JSON.stringify(request);
    if (this.known.has(key)) {
      this.told(this.known.get(key), request);
      return;
    }
    this.told(null, request);
    this.waiting = setTimeout(async () => {
      const { ok, status, body } = await post(this.url, request);
      const weighed = ok ? body : { refused: body.detail, status };
      if (ok) this.known.set(key, weighed);
      if (mine === this.number) this.told(weighed, request);
    }, AFTER_MS);
  }

  forget() {
    this.number += 1;
    clearTimeout(this.waiting);
    this.known.clear();
  }
}

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

/** Cost before and after, term by term, and the violations, as elements. */
export function weighedCard(weighed) {
  if (!weighed) return [make("p", "muted small", "Weighing…")];
  if (weighed.refused) return [make("p", "error", weighed.refused)];
  const { before, after, violations } = weighed;
  const change = after.total - before.total;
  const sum = make("p", "cost-sum");
  sum.append(make("b", change > 0 ? "dearer" : "cheaper", signed(change)), ` cost units: ${amount(before.total)} before, ${amount(after.total)} after`);
  const table = make("table", "cost-terms");
  const body = make("tbody");
  for (const term of termsOf(weighed)) {
    const row = make("tr");
    row.append(make("th", "", term.text), make("td", "number", amount(term.before)), make("td", "number", amount(term.after)),
      make("td", `number ${term.delta > 0 ? "dearer" : term.delta < 0 ? "cheaper" : "muted"}`, signed(term.delta)));
    row.firstChild.scope = "row";
    body.append(row);
  }
  const head = make("thead");
  const names = make("tr");
  for (const name of ["", "before", "after", "change"]) names.append(make("th", "", name));
  head.append(names);
  table.append(head, body);
  return [sum, violationsList(violations), table];
}

function violationsList(violations) {
  if (!violations.length) return make("p", "small kept-rules", "✓ Breaks no rule.");
  const list = make("ul", "violations");
  for (const one of [...violations].sort((a, b) => Number(b.new) - Number(a.new))) {
    list.append(make("li", one.new ? "fresh" : "old", one.new ? one.text : `${one.text} (as before)`));
  }
  return list;
}

export { costSentence };
