/** Creating and editing a silence, with a preview of what it would mute. */

import * as account from "./account.js";
import * as api from "./api.js";
import { h } from "./dom.js";
import { clock, count, duration, localInput, seconds } from "./format.js";
import * as matchers from "./matchers.js";
import { alertList, doing, redrawn } from "./parts.js";

const PERIODS = ["30m", "1h", "4h", "1d", "1w"];
const PREVIEW_MS = 300;
const AUTHOR = "tocsin-author";

let current = null;

/** The form of a visit: what was typed stays until the place is left. */
export function draft(entered, silence, parameters) {
  if (current?.entered === entered) return current;
  current = silence ? ofSilence(silence) : ofLink(parameters);
  Object.assign(current, { entered, error: "", preview: null, timer: 0 });
  current.author = account.name() || current.author || localStorage.getItem(AUTHOR) || "";
  if (!current.rows.length) current.rows.push({ name: "", operator: "=", value: "" });
  preview(0);
  return current;
}

const row = (one) => ({ name: one.name, operator: matchers.operator(one), value: one.value });

function ofSilence(silence) {
  const expired = silence.status.state === "expired";
  const period = (Date.parse(silence.endsAt) - Date.parse(silence.startsAt)) / 1000;
  return {
    title: expired ? "Create the silence again" : "Edit the silence",
    silence: expired ? null : silence,
    rows: silence.matchers.map(row),
    starts: expired ? "" : localInput(new Date(silence.startsAt)),
    ends: expired ? "" : localInput(new Date(silence.endsAt)),
    period: expired ? compact(period) : "",
    comment: silence.comment,
    author: expired ? "" : silence.createdBy,
  };
}

function ofLink(parameters) {
  let rows = [];
  const comment = parameters.get("comment") ?? "";
  try {
    rows = matchers.parse(parameters.get("filter") ?? "").map(row);
  } catch {
    rows = []; // a link that says nothing we can read is a new silence
  }
  return { title: "New silence", silence: null, rows, starts: "", ends: "", period: "2h", comment, author: "" };
}

/** `1d2h`, as the field for a duration takes it. */
const compact = (period) => duration(period).replace("min", "m").replaceAll(" ", "");

const matchersOf = (form) => form.rows.filter(({ name }) => name).map((one) => matchers.matcher(one.name, one.operator, one.value));

/** Ask what the silence would mute, once nobody types any more. */
function preview(wait = PREVIEW_MS) {
  const form = current;
  clearTimeout(form.timer);
  form.timer = setTimeout(async () => {
    const filter = matchersOf(form).map(matchers.write);
    try {
      form.preview = filter.length ? { alerts: await api.get("api/v2/alerts", { filter }) } : null;
    } catch (error) {
      form.preview = { error: error.message };
    }
    if (form === current) redrawn();
  }, wait);
}

const startOf = (form) => (form.starts ? new Date(form.starts) : new Date());

/** When it ends: by the field itself, or as long after its start as was said; null if neither can be read. */
function endOf(form) {
  if (form.ends) return new Date(form.ends);
  const period = seconds(form.period);
  return Number.isNaN(period) ? null : new Date(startOf(form).getTime() + period * 1000);
}

/** The time as it was if the field, which has no seconds, was left as it was: only then is it an edit in place. */
const exact = (was, at) => (was && localInput(new Date(was)) === localInput(at) ? was : at.toISOString());

async function send(form) {
  const ends = endOf(form);
  form.error = "";
  if (!matchersOf(form).length) form.error = "At least one matcher is needed.";
  else if (ends === null) form.error = "The duration cannot be read: write 30m, 2h, 1d or 1h30m.";
  else if (ends <= startOf(form)) form.error = "It would end before it begins.";
  if (form.error) return redrawn();
  localStorage.setItem(AUTHOR, form.author);
  try {
    const { silenceID } = await api.post("api/v2/silences", {
      id: form.silence?.id,
      matchers: matchersOf(form),
      startsAt: exact(form.silence?.startsAt, startOf(form)),
      endsAt: exact(form.silence?.endsAt, ends),
      createdBy: form.author,
      comment: form.comment,
    });
    const words = form.silence ? "The silence is changed." : "The silence is created.";
    current = null;
    location.hash = `#/silences/${silenceID}`;
    return words;
  } catch (error) {
    form.error = error.message;
    return redrawn();
  }
}

export function drawForm(form) {
  const set = (changes, ask = false) => {
    Object.assign(form, changes);
    if (ask) preview();
    redrawn();
  };
  const field = (name, words, attributes = {}, changes = (value) => ({ [name]: value })) =>
    h("label", { key: name }, words, h("input", { name, value: form[name], oninput: (event) => set(changes(event.target.value)), ...attributes }));
  const end = endOf(form);
  const submit = (event) => {
    event.preventDefault();
    doing(() => send(form));
  };
  const period = (text) => h("button", { type: "button", key: text, "aria-pressed": String(!form.ends && form.period === text), onclick: () => set({ period: text, ends: "" }) }, text);
  return [
    h("p", null, h("a", { href: "#/silences" }, "All silences")),
    h(
      "form",
      { class: "card editor", key: "editor", onsubmit: submit },
      h("h2", null, form.title),
      h("fieldset", null, h("legend", null, "Alerts with these labels"), form.rows.map((one, at) => drawRow(form, one, at)), h("button", { type: "button", onclick: () => set({ rows: [...form.rows, { name: "", operator: "=", value: "" }] }) }, "Add a matcher")),
      h(
        "fieldset",
        { class: "period" },
        h("legend", null, "For how long"),
        h("p", { class: "choices" }, PERIODS.map(period)),
        field("period", "Duration", { placeholder: form.ends ? "" : "2h", autocomplete: "off" }, (value) => ({ period: value, ends: "" })),
        field("starts", "Begins (empty: now)", { type: "datetime-local" }),
        field("ends", "Ends (empty: after the duration)", { type: "datetime-local" }, (value) => ({ ends: value, period: "" })),
        h("p", { class: "about" }, end ? `Until ${clock(end)}, ${duration((end - startOf(form)) / 1000)}.` : "The duration cannot be read."),
      ),
      field("author", "Who", { required: true, readonly: Boolean(account.name()), autocomplete: "name" }),
      field("comment", "Why", { required: true, autocomplete: "off" }),
      h("p", { role: "alert", class: "error", key: "error" }, form.error),
      h("p", { class: "actions" }, h("button", { class: "primary", disabled: !account.may("silences:write") }, form.silence ? "Save" : "Create"), h("a", { class: "button", href: "#/silences" }, "Cancel")),
    ),
    drawPreview(form),
  ];
}

function drawRow(form, one, at) {
  const set = (name) => (event) => {
    one[name] = event.target.value;
    preview();
    redrawn();
  };
  const drop = () => {
    form.rows = form.rows.filter((other) => other !== one);
    preview();
    redrawn();
  };
  const option = (text) => h("option", { value: text }, text);
  return h(
    "div",
    { class: "matcher" },
    h("input", { "aria-label": `Label ${at + 1}`, name: "name", value: one.name, oninput: set("name"), spellcheck: "false", autocapitalize: "off", autocomplete: "off" }),
    h("select", { "aria-label": `How label ${at + 1} is compared`, name: "operator", value: one.operator, onchange: set("operator") }, matchers.OPERATORS.map(option)),
    h("input", { "aria-label": `Value ${at + 1}`, name: "value", value: one.value, oninput: set("value"), spellcheck: "false", autocapitalize: "off", autocomplete: "off" }),
    h("button", { type: "button", "aria-label": `Remove the matcher ${one.name}`, onclick: drop }, "×"),
  );
}

function drawPreview({ preview: found }) {
  const said = !found ? "Nothing yet: say which alerts." : found.error ? found.error : found.alerts.length ? `It would mute ${count(found.alerts.length, "alert")} now.` : "It would mute no alert now.";
  return h("section", { class: "preview", key: "preview", "aria-label": "Preview" }, h("h2", null, "Preview"), h("p", { role: "status" }, said), found?.alerts ? alertList(found.alerts) : null);
}
