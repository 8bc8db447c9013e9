/** Rules: what each does now, whether it is well, when it is asked next. */

import * as api from "./api.js";
import { h } from "./dom.js";
import { capital, duration } from "./format.js";
import { action, ago, badge, empty, facts, fold, labels, list, place, severity, some, time } from "./parts.js";

const GROUPS = 100;
const RULES = 100;
const KINDS = { pending: "warning", inactive: "ok", recorded: "ok" };

export const title = "Rules";

export async function load({ parameters }, _overview, signal) {
  const asked = { state: parameters.get("state") || undefined, health: parameters.get("health") || undefined };
  const rules = [];
  let after;
  do {
    const answer = await api.get("tocsin/api/v1/rules", { ...asked, after }, signal);
    rules.push(...answer.rules);
    after = answer.next ?? undefined;
  } while (after !== undefined);
  return rules;
}

export function draw(rules, { parameters }) {
  const text = (parameters.get("search") ?? "").toLowerCase();
  const shown = rules.filter((rule) => `${rule.key} ${rule.expr}`.toLowerCase().includes(text));
  const groups = Map.groupBy(shown, (rule) => `${rule.namespace} / ${rule.group}`);
  return [
    filterBar(parameters),
    shown.length ? null : empty("No rules."),
    some("rule groups", [...groups], GROUPS, ([name, held]) => drawGroup(name, held)),
  ];
}

function filterBar(parameters) {
  const changed = (event) => {
    event.preventDefault();
    const form = event.target.form ?? event.target;
    location.hash = place("rules", { search: form.search.value.trim(), state: form.state.value, health: form.health.value });
  };
  const choice = (name, words, options) =>
    h("label", null, words, h("select", { name, value: parameters.get(name) ?? "", onchange: changed }, options.map(([value, said]) => h("option", { value }, said))));
  return h(
    "form",
    { class: "bar", onsubmit: changed, role: "search" },
    h("label", { class: "wide" }, "Search", h("input", { name: "search", value: parameters.get("search") ?? "", placeholder: "name, group or expression", spellcheck: "false" })),
    choice("state", "State", [["", "all"], ["firing", "firing"], ["pending", "pending"], ["inactive", "inactive"]]),
    choice("health", "Health", [["", "all"], ["ok", "well"], ["err", "not well"]]),
    h("button", null, "Search"),
  );
}

const isWell = (rule) => rule.health === "ok";

function drawGroup(name, rules) {
  const tally = (kind, words, among) => (among.length ? badge(kind, `${among.length} ${words}`) : null);
  const inState = (state) => rules.filter((rule) => rule.state === state);
  const summary = h(
    "summary",
    null,
    h("h2", null, name),
    h(
      "span",
      { class: "tallies" },
      tally("critical", "not well", rules.filter((rule) => !isWell(rule))),
      tally("critical", "firing", inState("firing")),
      tally("warning", "pending", inState("pending")),
      tally("muted", "paused", rules.filter((rule) => rule.paused)),
      badge("unknown", `${rules.length}`),
    ),
  );
  const kind = rules.every(isWell) ? "" : "critical";
  return fold(`rules ${name}`, { class: `card ${kind}` }, summary, () => list(`rules of ${name}`, rules, RULES, drawRule));
}

function drawRule(rule) {
  return h(
    "li",
    { key: rule.id, class: "rule" },
    h(
      "p",
      { class: "head" },
      rule.kind === "alert" ? badge(rule.state === "firing" ? severity(rule.labels) : KINDS[rule.state], rule.state) : badge("unknown", "recording"),
      h("strong", null, rule.name),
      isWell(rule) ? null : badge("critical", rule.health),
      rule.paused ? badge("muted", "paused") : null,
    ),
    h("pre", { class: "expr" }, h("code", null, rule.expr)),
    rule.lastError ? h("p", { class: "error" }, rule.lastError) : null,
    facts(
      ["Last evaluation", rule.lastEvaluation ? ago(rule.lastEvaluation) : "none yet"],
      ["Next", next(rule)],
      ["Behind", rule.lagSeconds === null ? null : duration(rule.lagSeconds)],
      ["Every", duration(rule.intervalSeconds)],
      ["For", rule.forSeconds ? duration(rule.forSeconds) : null],
      ["Source", rule.source],
      ["Not well since", rule.healthSince && !isWell(rule) ? time(rule.healthSince) : null],
      ["Written", rule.writtenBy ? `${rule.writtenBy}, revision ${rule.revision}` : null],
    ),
    labels(rule.labels),
    h("p", { class: "actions" }, rule.paused ? action("Resume", "rules:write", () => resume(rule)) : [action("Pause 2 h", "rules:write", () => pause(rule, { for: "2h" })), action("Pause", "rules:write", () => pause(rule, {}))]),
  );
}

function next({ paused, nextEvaluation }) {
  if (paused) return ["paused", paused.by ? ` by ${paused.by}` : "", paused.until ? [" until ", time(paused.until)] : " until it is resumed"];
  return nextEvaluation ? ago(nextEvaluation) : "not now";
}

const path = (rule, verb) => `tocsin/api/v1/rules/${encodeURIComponent(rule.id)}/${verb}`;

async function pause(rule, period) {
  await api.post(path(rule, "pause"), period);
  return `${capital(rule.name)} is paused.`;
}

async function resume(rule) {
  await api.post(path(rule, "resume"));
  return `${capital(rule.name)} is resumed.`;
}
