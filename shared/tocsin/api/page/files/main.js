/** The page: which view is shown, when it is asked for again, and what the header says. */

import * as account from "./account.js";
import * as alerts from "./alerts.js";
import * as api from "./api.js";
import { h, patch } from "./dom.js";
import { capital, count, relative } from "./format.js";
import * as history from "./history.js";
import * as inputs from "./inputs.js";
import { onAct, onRedraw } from "./parts.js";
import * as receivers from "./receivers.js";
import * as rules from "./rules.js";
import * as silences from "./silences.js";
import * as status from "./status.js";
import { explain, group } from "./timeline.js";

const REFRESH_MS = 15_000;
const GROUPS_KEPT_MS = 60_000;
const TOLD_MS = 6_000;
const VIEWS = { alerts, silences, rules, inputs, receivers, status, history, explain, groups: group, configuration: status.configuration };

const main = document.querySelector("main");
const [headline, stale, told, who] = ["headline", "stale", "told", "who"].map((id) => document.getElementById(id));

let at = read();
let shown = null; // what the view of this place was last answered
let failure = null;
let answeredAt = 0;
let timer = 0;
let asking = new AbortController();
let overview = { groups: null, groupsAt: 0, status: null };

/** Where we are: `#/silences/new?filter=x` has the path [silences, new] and a parameter. */
function read() {
  const [path, query = ""] = location.hash.replace(/^#?\/?/, "").split(/\?(.*)/s);
  const parts = path.split("/").map(decoded);
  return { path: parts, view: VIEWS[parts[0]] ?? alerts, parameters: new URLSearchParams(query), entered: {} };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Ask for everything again; a view that reads groups itself gets them fresh, others leave the header's for a while. */
async function refresh() {
  clearTimeout(timer);
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  try {
    if (!answeredAt) await account.identify();
    const reads = reader(signal);
    const [data] = await Promise.all([at.view.load(at, reads, signal), reads.groups(GROUPS_KEPT_MS), reads.status()]);
    if (signal.aborted) return;
    shown = data;
    answeredAt = Date.now();
    failure = null;
  } catch (error) {
    if (signal.aborted) return;
    failure = error;
    if (error.status === 401) account.ask(error.message, start);
    else if (error.status === undefined) console.error(error);
  }
  draw();
  if (!document.hidden && failure?.status !== 401) timer = setTimeout(refresh, REFRESH_MS);
}

/** What several parts need is asked for once in a refresh. */
function reader(signal) {
  const asked = {};
  const once = (name, path) => (asked[name] ??= api.get(path, {}, signal).then((answer) => (overview[name] = answer)));
  return {
    groups(kept = 0) {
      if (kept && !asked.groups && Date.now() - overview.groupsAt < kept) return overview.groups;
      return once("groups", "tocsin/api/v1/groups").then((answer) => {
        overview.groupsAt = Date.now();
        return answer;
      });
    },
    status: () => once("status", "tocsin/api/v1/status"),
  };
}

function start() {
  answeredAt = 0;
  refresh();
}

function draw() {
  drawHeader();
  const name = at.view.title;
  const content = shown ? at.view.draw(shown, at) : failure ? null : h("p", { class: "empty" }, "Asking …");
  const active = document.activeElement;
  patch(main, h("h1", { key: "title", tabindex: "-1" }, name), failure && !shown ? problem() : null, content);
  if (!active.isConnected) main.querySelector("h1").focus({ preventScroll: true }); // what had it is gone
}

const problem = () => h("p", { class: "problem", key: "problem", role: "alert" }, wording(failure));

function wording({ status: code, message }) {
  if (code === 403) return `You may not see this: ${message}.`;
  if (code === 404) return `There is no such thing: ${message}`;
  return capital(message);
}

function drawHeader() {
  const { groups, status: now } = overview;
  if (groups && now) {
    const { words, severity, firing } = alerts.headline(groups.groups);
    const sentence = `${words} ${ofRules(now.rules)}`;
    document.body.dataset.state = severity;
    document.title = firing ? `(${firing}) Tocsin` : "Tocsin";
    patch(headline, sentence);
  }
  patch(who, account.name() || "Sign in");
  const old = failure && answeredAt;
  patch(stale, old ? `This is from ${relative(new Date(answeredAt).toISOString())}: ${failure.message}.` : "");
}

function ofRules({ total, byHealth }) {
  const unwell = total - (byHealth.ok ?? 0);
  if (!total) return "There are no rules.";
  return unwell ? `${count(unwell, "rule")} ${unwell === 1 ? "is" : "are"} not well.` : "All rules are well.";
}

/** Do what somebody wants, say what came of it, and show how things are now. */
async function act(deed) {
  try {
    const words = await deed();
    if (!words) return;
    tell(words);
    overview.groupsAt = 0;
    refresh();
  } catch (error) {
    tell(error.status === 403 ? `You may not do this: ${error.message}.` : capital(error.message));
  }
}

let telling = 0;

function tell(words) {
  clearTimeout(telling);
  patch(told, words);
  telling = setTimeout(() => patch(told), TOLD_MS);
}

function go() {
  const before = at.path.join("/");
  at = read();
  shown = failure = null;
  for (const link of document.querySelectorAll("#views a")) {
    const here = link.hash === `#/${at.path[0] || "alerts"}`;
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  draw();
  if (before !== at.path.join("/")) {
    scrollTo(0, 0);
    main.querySelector("h1").focus({ preventScroll: true });
  }
  refresh();
}

onRedraw(draw);
onAct(act);
addEventListener("hashchange", go);
addEventListener("online", refresh);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) clearTimeout(timer);
  else refresh();
});
document.getElementById("skip").onclick = (event) => {
  event.preventDefault(); // the hash is where we are
  main.querySelector("h1").focus();
};
who.onclick = () => account.ask("What you enter stays in this tab; nothing makes it forget.", start);
go();
