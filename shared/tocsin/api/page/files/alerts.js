/** What fires now, by group, and why something is muted. */

import * as api from "./api.js";
import { h } from "./dom.js";
import { capital, clock, count, relative } from "./format.js";
import * as matchers from "./matchers.js";
import { ago, badge, empty, external, facts, fold, goto, labels, list, place, severity, since, some, time, worst } from "./parts.js";

const GROUPS = 100;
const ALERTS = 50;
const SHOWN = ["active", "silenced", "inhibited", "muted"];

export const title = "Alerts";

/** The groups, and which of their alerts a filter leaves: that the API says, as Alertmanager does. */
export async function load({ parameters }, overview, signal) {
  const asked = { receiver: parameters.get("receiver") || undefined };
  const text = filterOf(parameters);
  let left = null;
  if (text || asked.receiver || SHOWN.some((name) => parameters.has(name))) {
    asked.filter = parsed(text).map(matchers.write);
    for (const name of SHOWN) asked[name] = parameters.get(name) ?? undefined;
    const groups = await api.get("api/v2/alerts/groups", asked, signal);
    left = new Set(groups.flatMap(({ receiver, alerts }) => alerts.map((one) => `${one.fingerprint} ${receiver.name}`)));
  }
  return { groups: (await overview.groups()).groups, left };
}

/** The filter of a link; Alertmanager's links may have several, each in braces. */
const filterOf = (parameters) =>
  parameters.getAll("filter").map((text) => text.trim().replace(/^\{(.*)\}$/s, "$1")).join(", ");

function parsed(text) {
  try {
    return matchers.parse(text);
  } catch (error) {
    throw new api.Refusal(400, `the filter cannot be read: ${error.message}`);
  }
}

export function draw({ groups, left }, { parameters }) {
  const shown = groups
    .map((group) => ({ ...group, alerts: group.alerts.filter((alert) => isLeft(left, alert, group)) }))
    .filter((group) => group.alerts.length)
    .map(judged)
    .sort(byUrgency);
  return [
    filterBar(parameters, groups),
    shown.length ? null : empty(left ? "No alert matches the filter." : "Nothing fires."),
    some("groups", shown, GROUPS, drawGroup),
  ];
}

const isLeft = (left, alert, group) => left === null || left.has(`${alert.fingerprint} ${group.receiver}`);

/** A group with what it comes to. */
function judged(group) {
  const firing = group.alerts.filter((alert) => alert.state === "active");
  const muted = group.alerts.filter((alert) => alert.state === "suppressed");
  const state = firing.length ? "fires" : muted.length ? "muted" : "resolved";
  return { ...group, firing, muted, state, severity: worst(firing.length ? firing : muted) };
}

const STATES = ["fires", "muted", "resolved"];
const SEVERITIES = ["critical", "warning", "info", "unknown"];

function byUrgency(one, other) {
  return (
    STATES.indexOf(one.state) - STATES.indexOf(other.state) ||
    SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity) ||
    nameOf(one).localeCompare(nameOf(other))
  );
}

function filterBar(parameters, groups) {
  const receivers = [...new Set(groups.map((group) => group.receiver))].sort();
  const chosen = parameters.get("receiver") ?? "";
  if (chosen && !receivers.includes(chosen)) receivers.push(chosen);
  const changed = (event) => {
    event.preventDefault();
    const form = event.target.form ?? event.target;
    const hidden = form.hidden_too.checked ? {} : { silenced: "false", inhibited: "false", muted: "false" };
    location.hash = place("alerts", { filter: form.filter.value.trim(), receiver: form.receiver.value, ...hidden });
  };
  const hiding = ["silenced", "inhibited", "muted"].some((name) => parameters.get(name) === "false");
  const option = (name) => h("option", { value: name, key: name }, name);
  return h(
    "form",
    { class: "bar", key: "filter", onsubmit: changed, role: "search" },
    h("label", { class: "wide" }, "Filter", h("input", { name: "filter", value: filterOf(parameters), placeholder: 'severity="critical", team=~"a|b"', spellcheck: "false", autocapitalize: "off" })),
    h("label", null, "Receiver", h("select", { name: "receiver", value: chosen, onchange: changed }, h("option", { value: "" }, "all"), receivers.map(option))),
    h("label", { class: "check" }, h("input", { type: "checkbox", name: "hidden_too", checked: !hiding, onchange: changed }), "Muted too"),
    h("button", null, "Filter"),
  );
}

const nameOf = (group) => Object.values(group.labels).join(" · ") || "all alerts";

const ORDER = { active: 0, suppressed: 1, resolved: 2 };

function drawGroup(group) {
  const alerts = [...group.alerts].sort((one, other) => ORDER[one.state] - ORDER[other.state]);
  const oldest = alerts.map((alert) => alert.startsAt).reduce((one, other) => (one < other ? one : other));
  const rest = group.alerts.length - group.firing.length - group.muted.length;
  const tallies = [
    group.firing.length ? badge(group.severity, `${group.firing.length} firing`) : null,
    group.muted.length ? badge("muted", `${group.muted.length} muted`) : null,
    rest ? badge("ok", `${rest} resolved`) : null,
  ];
  const words = alerts[0].annotations.summary ?? alerts[0].annotations.description;
  const summary = h(
    "summary",
    null,
    h("h2", null, nameOf(group)),
    h("span", { class: "tallies" }, tallies),
    h("span", { class: "about" }, words ? h("span", { class: "words" }, words) : null),
    h("span", { class: "about" }, `${group.receiver} · `, since(oldest), group.state === "muted" ? ` · ${capital(shortly(group.muted[0].muted))}` : null),
  );
  return fold(`group ${group.id}`, { class: `card ${group.state} ${group.severity}` }, summary, () => [
    facts(["Receiver", h("a", { href: place("receivers") }, group.receiver)], ["Last told", group.notifiedAt ? time(group.notifiedAt) : "nobody yet"], ["Next look", time(group.due)], ["Next try", group.retryAt && time(group.retryAt)]),
    h("p", { class: "actions" }, goto("Silence group", "silences:write", silencing(group.labels)), h("a", { class: "button", href: place(`groups/${group.id}`) }, "Timeline")),
    list(`alerts ${group.id}`, alerts, ALERTS, (alert) => drawAlert(alert, group.labels)),
  ]);
}

const silencing = (all) => place("silences/new", { filter: matchers.writeAll(matchers.ofLabels(all)) });

function drawAlert(alert, above) {
  const { summary, description, message, runbook_url: runbook, ...notes } = alert.annotations;
  const kind = alert.state === "active" ? severity(alert.labels) : alert.state === "suppressed" ? "muted" : "ok";
  const state = { active: "firing", suppressed: "muted", resolved: "resolved" }[alert.state];
  const explaining = place("explain", { labels: matchers.writeAll(matchers.ofLabels(alert.labels)) });
  return h(
    "li",
    { key: alert.fingerprint, class: alert.state },
    h("p", { class: "head" }, badge(kind, state), h("strong", null, alert.labels.alertname ?? "(no name)"), h("span", { class: "when" }, alert.endsAt && alert.state === "resolved" ? ["ended ", ago(alert.endsAt)] : ["since ", time(alert.startsAt)])),
    [summary, description, message].map((words) => words && h("p", null, words)),
    Object.entries(notes).map(([name, value]) => h("p", { key: name, class: "note" }, h("span", { class: "name" }, name, ": "), external(value, value) ?? value)),
    labels(alert.labels, { ...above, alertname: alert.labels.alertname }),
    reasons(alert.muted),
    h(
      "p",
      { class: "actions" },
      alert.state === "resolved" ? null : goto("Silence", "silences:write", silencing(alert.labels)),
      h("a", { href: explaining }, "Who is told?"),
      alert.generatorUrl ? external(alert.generatorUrl, "Source") : null,
      runbook ? external(runbook, "Runbook") : null,
    ),
  );
}

const until = (text) => (text ? ` until ${clock(text)} (${relative(text)})` : "");

/** Everything that mutes an alert, each in a line. */
export function reasons({ silences, inhibitedBy, timeIntervals }) {
  const silence = ({ id, comment, createdBy, endsAt }) => [
    "Silenced: ",
    h("a", { href: place(`silences/${id}`) }, comment || "a silence"),
    createdBy ? ` by ${createdBy}` : "",
    until(endsAt),
  ];
  const source = (one) => [
    `Inhibited by ${one.labels.alertname ?? one.fingerprint}`,
    one.rule ? ` (${one.rule})` : "",
    " ",
    h("a", { href: place("alerts", { filter: matchers.writeAll(matchers.ofLabels(one.labels)) }) }, "show"),
  ];
  const interval = ({ name, kind, until: end }) => [
    kind === "active_time_interval" ? `Outside the time interval ${name}` : `Muted in the time interval ${name}`,
    until(end),
  ];
  const lines = [...silences.map(silence), ...inhibitedBy.map(source), ...timeIntervals.map(interval)];
  return lines.length ? h("ul", { class: "reasons" }, lines.map((line) => h("li", null, line))) : null;
}

/** The first of the reasons in a few words. */
function shortly({ silences: [silence], inhibitedBy: [source], timeIntervals: [interval] }) {
  if (silence) return `silenced${until(silence.endsAt)}`;
  if (source) return `inhibited by ${source.labels.alertname ?? source.fingerprint}`;
  return interval ? `muted by ${interval.name}${until(interval.until)}` : "muted";
}

/** What the header says of the groups, and how bad it is. */
export function headline(groups) {
  const all = groups.map(judged);
  const firing = all.filter((group) => group.state === "fires");
  const muted = all.filter((group) => group.state === "muted").length;
  const fire = firing.length ? `${count(firing.length, "group")} ${firing.length === 1 ? "fires" : "fire"}` : "Nothing fires";
  const waiting = groups.filter((group) => group.retryAt).length;
  const words = [
    muted ? `${fire}, ${muted}${firing.length ? " more" : ""} ${muted === 1 ? "is" : "are"} muted.` : `${fire}.`,
    waiting ? `${count(waiting, "group")} could not be told of yet.` : "",
  ].join(" ").trim();
  return { words, firing: firing.length, severity: firing.length ? worst(firing.flatMap((group) => group.firing)) : "ok" };
}
