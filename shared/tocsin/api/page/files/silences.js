/** Silences: which there are, what each mutes, expiring them. */

import * as api from "./api.js";
import { h } from "./dom.js";
import { capital, count } from "./format.js";
import { draft, drawForm } from "./silenceform.js";
import * as matchers from "./matchers.js";
import { action, alertList, badge, confirm, empty, facts, goto, place, some, time } from "./parts.js";

const SILENCES = 50;
const STATES = ["active", "pending", "expired"];

export const title = "Silences";

/** `silences`, `silences/new`, `silences/<id>`, `silences/<id>/edit`. */
export async function load({ path: [, id, verb], parameters, entered }, overview, signal) {
  if (id === "new") return { form: draft(entered, null, parameters) };
  if (id) {
    const silence = await api.get(`api/v2/silence/${encodeURIComponent(id)}`, {}, signal);
    if (verb === "edit") return { form: draft(entered, silence, parameters) };
    const filter = silence.matchers.map(matchers.write);
    return { silence, alerts: await api.get("api/v2/alerts", { filter }, signal) };
  }
  const filter = asMatchers(parameters.get("filter") ?? "")?.map(matchers.write);
  const [silences, { groups }] = await Promise.all([api.get("api/v2/silences", { filter }, signal), overview.groups()]);
  return { silences, muted: muted(groups) };
}

function asMatchers(text) {
  try {
    return text ? matchers.parse(text) : null;
  } catch {
    return null;
  }
}

/** How many alerts each silence mutes now. */
function muted(groups) {
  const found = new Map();
  for (const { alerts } of groups)
    for (const { fingerprint, muted: by } of alerts)
      for (const { id } of by.silences) found.set(id, (found.get(id) ?? new Set()).add(fingerprint));
  return found;
}

export function draw(data, at) {
  if (data.form) return drawForm(data.form);
  return data.silence ? drawOne(data) : drawAll(data, at);
}

function drawAll({ silences, muted: counts }, { parameters }) {
  const text = parameters.get("filter") ?? "";
  const state = parameters.get("state") ?? "";
  const found = asMatchers(text) ? silences : silences.filter((silence) => says(silence, text.toLowerCase()));
  const shown = found.filter(({ status }) => (state ? status.state === state : status.state !== "expired"));
  const tally = (name) => found.filter(({ status }) => status.state === name).length;
  const tab = (name, words) =>
    h("a", { href: place("silences", { filter: text, state: name }), "aria-current": state === name ? "true" : undefined }, words);
  const search = (event) => {
    event.preventDefault();
    location.hash = place("silences", { filter: event.target.filter.value.trim(), state });
  };
  return [
    h(
      "form",
      { class: "bar", onsubmit: search, role: "search" },
      h("label", { class: "wide" }, "Search", h("input", { name: "filter", value: text, placeholder: "comment, author or matchers", spellcheck: "false" })),
      h("button", null, "Search"),
      goto("New silence", "silences:write", place("silences/new")),
    ),
    h("nav", { class: "tabs", "aria-label": "State" }, tab("", "In force and to come"), STATES.map((name) => tab(name, `${capital(name)} (${tally(name)})`))),
    shown.length ? null : empty("No silences."),
    some("silences", shown, SILENCES, (silence) => drawSilence(silence, counts.get(silence.id)?.size ?? 0)),
  ];
}

const says = ({ id, comment, createdBy, matchers: all }, text) =>
  [id, comment, createdBy, ...all.map(matchers.write)].some((part) => part.toLowerCase().includes(text));

const KINDS = { active: "muted", pending: "info", expired: "unknown" };

function drawSilence(silence, mutes) {
  const { id, status, comment, createdBy, startsAt, endsAt } = silence;
  const period = { active: ["ends ", time(endsAt)], pending: ["begins ", time(startsAt)], expired: ["ended ", time(endsAt)] };
  return h(
    "article",
    { key: id, class: `card silence ${status.state}` },
    h("h2", null, h("a", { href: place(`silences/${id}`) }, comment || "(no comment)")),
    h("p", { class: "head" }, badge(KINDS[status.state], status.state), status.state === "active" ? `mutes ${count(mutes, "alert")}` : null, h("span", { class: "when" }, createdBy ? `${createdBy} · ` : "", period[status.state])),
    matcherList(silence),
    actions(silence),
  );
}

const matcherList = (silence) => h("ul", { class: "labels" }, silence.matchers.map((one) => h("li", { key: matchers.write(one) }, matchers.write(one))));

function actions(silence) {
  const { id, status } = silence;
  const expired = status.state === "expired";
  return h(
    "p",
    { class: "actions" },
    goto(expired ? "Create again" : "Edit", "silences:write", place(`silences/${id}/edit`)),
    expired ? null : action("Expire", "silences:write", () => expire(silence), { class: "danger" }),
  );
}

async function expire({ id, comment }) {
  if (!(await confirm("Expire this silence?", comment || id, "Expire"))) return;
  await api.remove(`api/v2/silence/${encodeURIComponent(id)}`);
  return "The silence is expired.";
}

function drawOne({ silence, alerts }) {
  const { id, status, createdBy, startsAt, endsAt, updatedAt } = silence;
  return [
    h("p", null, h("a", { href: place("silences") }, "All silences")),
    h(
      "article",
      { class: `card silence ${status.state}` },
      h("h2", null, silence.comment || "(no comment)"),
      h("p", { class: "head" }, badge(KINDS[status.state], status.state)),
      matcherList(silence),
      facts(["By", createdBy], ["Begins", time(startsAt)], ["Ends", time(endsAt)], ["Changed", time(updatedAt)], ["Id", h("code", null, id)]),
      actions(silence),
    ),
    h("h2", null, status.state === "active" ? `It mutes ${count(alerts.length, "alert")}` : `It matches ${count(alerts.length, "alert")} that fire now`),
    alertList(alerts),
  ];
}
