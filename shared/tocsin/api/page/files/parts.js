/** What the views are made of. */

import { may } from "./account.js";
import { h } from "./dom.js";
import { clock, relative } from "./format.js";

const IN_SHORT = 50;
const open = new Set();
const amounts = new Map();
let redraw = () => {};
let act = () => {};

/** Say what draws the view again after something was opened or typed. */
export const onRedraw = (draw) => (redraw = draw);
export const redrawn = () => redraw();

/** Say what does a deed: a function that changes something and answers what to say of it. */
export const onAct = (doer) => (act = doer);
export const doing = (deed) => act(deed);

const SEVERITIES = [
  ["critical", /^(critical|crit|page|emergency|fatal|disaster|error|high|p1|sev1|1)$/i],
  ["warning", /^(warning|warn|medium|average|ticket|p2|p3|sev2|2)$/i],
  ["info", /^(info|information|notice|low|p4|p5|sev3|3)$/i],
];

/** How bad it is, by the label `severity`: critical, warning, info, or unknown. */
export const severity = (labels) =>
  SEVERITIES.find(([, words]) => words.test(labels.severity ?? labels.priority ?? ""))?.[0] ?? "unknown";

/** The worst of some alerts. */
export function worst(alerts) {
  const found = new Set(alerts.map((alert) => severity(alert.labels)));
  return SEVERITIES.map(([name]) => name).find((name) => found.has(name)) ?? "unknown";
}

export const badge = (kind, ...text) => h("span", { class: `badge ${kind}` }, ...text);

/** A time, how far it is from now, and all of it on hovering. */
export const time = (text, words = undefined) =>
  text ? h("time", { datetime: text, title: text }, words ?? `${clock(text)} (${relative(text)})`) : "never";

export const ago = (text) => time(text, text && relative(text));

/** For how long something has been. */
export const since = (text) => time(text, `for ${relative(text).replace(" ago", "")}`);

/** Labels as a list; `except` are those that are said elsewhere. */
export function labels(all, except = {}) {
  const left = Object.entries(all).filter(([name, value]) => except[name] !== value);
  if (!left.length) return null;
  const one = ([name, value]) => h("li", { key: name }, h("span", { class: "name" }, name, "="), value);
  return h("ul", { class: "labels" }, left.map(one));
}

/** A link to another site; anything but the web's two schemes stays text. */
export function external(url, text) {
  let scheme = "";
  try {
    scheme = new URL(url).protocol;
  } catch {
    return null;
  }
  if (scheme !== "http:" && scheme !== "https:") return null;
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, text);
}

/** What opens; what is in it is made when it is open. Groups of a hundred thousand nodes cost nothing closed. */
export function fold(key, attributes, summary, contents) {
  const ontoggle = (event) => {
    if (event.target.open === open.has(key)) return;
    if (event.target.open) open.add(key);
    else open.delete(key);
    redraw();
  };
  const inside = open.has(key) ? h("div", { class: "inside" }, contents()) : null;
  return h("details", { ...attributes, key, open: open.has(key), ontoggle }, summary, inside);
}

/** The first of many, and a button for more. */
export function some(key, items, size, draw, tag = "p") {
  const amount = amounts.get(key) ?? size;
  const more = () => {
    amounts.set(key, amount + size);
    redraw();
  };
  const left = items.length - amount;
  const button = h("button", { type: "button", onclick: more }, `Show ${Math.min(size, left)} more of ${left}`);
  return [items.slice(0, amount).map(draw), left > 0 ? h(tag, { key: "rest", class: "rest" }, button) : null];
}

/** The first of many as a list. */
export const list = (key, items, size, draw) => h("ul", { class: "items" }, some(key, items, size, draw, "li"));

/** A button for what needs a scope; who has it not sees why it is off. */
export function action(text, scope, deed, attributes = {}) {
  const allowed = may(scope);
  const title = allowed ? undefined : `needs the scope ${scope}`;
  return h("button", { type: "button", title, ...attributes, disabled: !allowed, onclick: () => doing(deed) }, text);
}

/** A link to what needs a scope. */
export function goto(text, scope, href) {
  if (may(scope)) return h("a", { class: "button", href }, text);
  return action(text, scope, null);
}

export const empty = (...text) => h("p", { class: "empty" }, ...text);

/** Terms and what they are; those without are left out. */
export const facts = (...pairs) =>
  h(
    "dl",
    { class: "facts" },
    pairs
      .filter(([, value]) => value !== undefined && value !== null && value !== "")
      .map(([term, ...value]) => h("div", { key: term }, h("dt", null, term), h("dd", null, ...value))),
  );

/** A hash with parameters; those that are empty are left out. */
export function place(path, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value));
  return query.size ? `#/${path}?${query}` : `#/${path}`;
}

/** Alerts in short. */
export const alertList = (alerts) => list("alerts in short", alerts, IN_SHORT, drawShort);

const drawShort = ({ fingerprint, labels: all, startsAt }) =>
  h(
    "li",
    { key: fingerprint },
    h("p", { class: "head" }, h("strong", null, all.alertname ?? "(no name)"), h("span", { class: "when" }, since(startsAt))),
    labels(all, { alertname: all.alertname }),
  );

/** Say a few words and ask whether to go on; answers whether. */
export function confirm(title, text, verb) {
  const asked = document.getElementById("confirm");
  asked.querySelector("h2").textContent = title;
  asked.querySelector("p").textContent = text;
  const yes = asked.querySelector(".yes");
  yes.textContent = verb;
  asked.returnValue = "";
  asked.showModal();
  return new Promise((resolve) => {
    yes.onclick = () => asked.close("yes");
    asked.querySelector(".no").onclick = () => asked.close("");
    asked.onclose = () => resolve(asked.returnValue === "yes");
  });
}
