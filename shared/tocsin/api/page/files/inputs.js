/** Inputs and outputs: how the last run of each check went, and how far each output is. */

import * as api from "./api.js";
import { h } from "./dom.js";
import { capital, count, duration } from "./format.js";
import { action, ago, badge, empty, facts, list, place, some, time } from "./parts.js";

const INPUTS = 100;
const OUTPUTS = 100;
const STATES = { failing: "critical", paused: "muted", ok: "ok", waiting: "unknown" };
const WORDS = { ok: "well", waiting: "not run yet" };

export const title = "Inputs";

export async function load(_at, _overview, signal) {
  const paths = ["inputs", "outputs"].map((path) => api.get(`tocsin/api/v1/${path}`, {}, signal));
  const [{ inputs }, { outputs }] = await Promise.all(paths);
  return { inputs, outputs };
}

export function draw({ inputs, outputs }, { parameters }) {
  const text = (parameters.get("search") ?? "").toLowerCase();
  const state = parameters.get("state") ?? "";
  const order = Object.keys(STATES);
  const shown = inputs
    .filter((one) => `${one.id} ${one.kind} ${one.alias}`.toLowerCase().includes(text) && (!state || one.state === state))
    .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  return [
    filterBar(text, state),
    shown.length ? list("inputs", shown, INPUTS, drawInput) : empty("No inputs."),
    h("h2", null, "Outputs"),
    outputs.length ? some("outputs", outputs, OUTPUTS, drawOutput) : empty("No outputs: what is gathered stays in the embedded store."),
  ];
}

function filterBar(text, state) {
  const changed = (event) => {
    event.preventDefault();
    const form = event.target.form ?? event.target;
    location.hash = place("inputs", { search: form.search.value.trim(), state: form.state.value });
  };
  const options = ["", ...Object.keys(STATES)].map((value) => h("option", { value }, value ? (WORDS[value] ?? value) : "all"));
  return h(
    "form",
    { class: "bar", onsubmit: changed, role: "search" },
    h("label", { class: "wide" }, "Search", h("input", { name: "search", value: text, placeholder: "id, kind or alias", spellcheck: "false" })),
    h("label", null, "State", h("select", { name: "state", value: state, onchange: changed }, options)),
    h("button", null, "Search"),
  );
}

function drawInput(one) {
  const { lastRun: run, counts, schedule, paused } = one;
  const failed = run && run.outcome !== "success";
  return h(
    "li",
    { key: one.id },
    h("p", { class: "head" }, badge(STATES[one.state], WORDS[one.state] ?? one.state), h("strong", null, one.id), h("span", { class: "when" }, one.alias ? `${one.kind}, ${one.alias}` : one.kind)),
    failed ? h("p", { class: "error" }, run.detail ? `${run.outcome}: ${run.detail}` : run.outcome) : null,
    facts(
      ["Last run", run ? ago(run.dueAt) : "none yet"],
      ["Gathered", run ? count(run.metrics, "metric") : null],
      ["Took", run ? `${run.tookSeconds.toFixed(2)} s` : null],
      ["Late by", run ? `${run.lagSeconds.toFixed(1)} s` : null],
      ["Every", schedule.cron ? `${schedule.cron} (${schedule.location})` : duration(schedule.intervalSeconds)],
      ["Not well since", failed && one.stateSince ? time(one.stateSince) : null],
      ["Runs", tally(counts)],
      ["Paused", ...pauseOf(paused)],
    ),
    h("p", { class: "actions" }, paused ? action("Resume", "rules:write", () => resume(one)) : [action("Pause 2 h", "rules:write", () => pause(one, { for: "2h" })), action("Pause", "rules:write", () => pause(one, {}))]),
  );
}

const tally = ({ runs, failures, timeouts, overruns, missed }) =>
  [[runs, "in all"], [failures, "failed"], [timeouts, "timed out"], [overruns, "overran"], [missed, "missed"]]
    .filter(([number], index) => number || !index)
    .map(([number, word]) => `${number} ${word}`)
    .join(", ");

const pauseOf = (paused) => (paused ? [paused.by ? `by ${paused.by} ` : "", paused.until ? ["until ", time(paused.until)] : "until it is resumed"] : [null]);

function drawOutput(one) {
  const { counts, trouble } = one;
  const lost = [[counts.refused, "put aside"], [counts.dropped, "given up"], [counts.unwritable, "with no room there"], [counts.gone, "expired (entries)"]];
  return h(
    "section",
    { class: `card ${trouble ? "critical" : ""}`, key: one.name },
    h("p", { class: "head" }, badge(STATES[one.state], one.state === "waiting" ? "not begun yet" : (WORDS[one.state] ?? one.state)), h("strong", null, one.name), h("span", { class: "when" }, one.kind)),
    trouble ? h("p", { class: "error" }, `${trouble.reason}: ${trouble.detail}`) : null,
    facts(
      ["Waiting", count(one.entriesWaiting, "entry", "entries")],
      ["Written", count(counts.written, "metric")],
      ...lost.filter(([number]) => number).map(([number, word]) => [capital(word), number]),
      ["Fails since", trouble ? time(trouble.since) : null],
      ["Tries again", ...(trouble ? [time(trouble.retryAt), ` (${count(trouble.tries, "try", "tries")})`] : [null])],
      ["Moved", one.movedAt ? ago(one.movedAt) : null],
    ),
  );
}

const path = (one, verb) => `tocsin/api/v1/inputs/${encodeURIComponent(one.id)}/${verb}`;

async function pause(one, period) {
  await api.post(path(one, "pause"), period);
  return `${capital(one.id)} is paused.`;
}

async function resume(one) {
  await api.post(path(one, "resume"));
  return `${capital(one.id)} is resumed.`;
}
