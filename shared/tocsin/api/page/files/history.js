/** The history of changes: who changed what, when, and by which way. */

import * as api from "./api.js";
import { h } from "./dom.js";
import { capital } from "./format.js";
import { empty, fold, place, time } from "./parts.js";

const PAGE = 50;
const SHOWN_TARGETS = 5;

export const title = "History";

export const load = ({ parameters }, _overview, signal) =>
  api.get("tocsin/api/v1/history", { limit: PAGE, before: parameters.get("before") || undefined }, signal);

export function draw({ changes, next }, { parameters }) {
  return [
    parameters.has("before") ? h("p", null, h("a", { href: place("history") }, "Newest changes")) : null,
    changes.length ? h("ol", { class: "timeline" }, changes.map(drawChange)) : empty("Nothing was changed yet."),
    next ? h("p", null, h("a", { class: "button", href: place("history", { before: next }) }, "Older changes")) : null,
  ];
}

function drawChange({ id, at, by, via, what, targets, targetCount, summary, before, after }) {
  const left = targetCount - Math.min(targets.length, SHOWN_TARGETS);
  const details = [["Before", before], ["After", after]].filter(([, values]) => Object.keys(values ?? {}).length);
  return h(
    "li",
    { key: id },
    h("p", { class: "head" }, time(at), h("strong", null, capital(what.replaceAll("_", " ")))),
    h("p", null, by || "somebody", via ? ` (${via})` : "", summary ? `: ${summary}` : ""),
    targets.length ? h("p", { class: "note" }, targets.slice(0, SHOWN_TARGETS).join(", "), left > 0 ? ` and ${left} more` : "") : null,
    details.length
      ? fold(`change ${id}`, null, h("summary", null, "What changed"), () => details.map(([words, values]) => [h("h3", null, words), h("pre", null, JSON.stringify(values, null, 2))]))
      : null,
  );
}
