/** How the stack itself is: shards with cursor, lag and gaps; sources; versions of the configuration. */

import * as api from "./api.js";
import { h } from "./dom.js";
import { count, duration } from "./format.js";
import { action, ago, badge, confirm, empty, facts, labels, list, place, some, time } from "./parts.js";

const LATE_SECONDS = 60;
const LINES = 50;
const OWN = "tocsin/api/v1";

export const title = "Status";

export async function load(_place, overview, signal) {
  const paths = ["shards", "gaps", "missed", "sources", "config/versions"];
  const [status, [{ shards }, { gaps }, { missed }, { sources }, configuration]] = await Promise.all([
    overview.status(),
    Promise.all(paths.map((path) => api.get(`${OWN}/${path}`, {}, signal))),
  ]);
  return { status, shards, gaps, missed, sources, configuration };
}

export function draw({ status, shards, gaps, missed, sources, configuration }) {
  const { rules, groups, layout } = status;
  return [
    h(
      "section",
      { class: "card" },
      facts(
        ["Version", status.version],
        ["Access", status.access],
        ["Rules", `${rules.total}, ${rules.paused} paused`],
        ["Groups", `${groups.held} held, ${groups.overdue} overdue`],
        ["Shards", String(layout.shards)],
        ["Farthest behind", status.worstLagSeconds === null ? "not begun" : duration(status.worstLagSeconds)],
      ),
    ),
    h("h2", null, "Shards"),
    some("shards", shards, LINES, drawShard),
    h("h2", null, "Gaps"),
    gaps.length ? table(["Shard", "From", "To", "Replayed", "Dropped"], "gaps", gaps, (gap) => [gap.shard, time(gap.from), time(gap.to), gap.replayed, gap.dropped]) : empty("Every tick was on time."),
    missed.length ? [h("h2", null, "Fired and ended before anybody could be told"), table(["Rule", "Labels", "Fired", "Ended"], "missed", missed, (one) => [one.rule, labels(one.labels), time(one.firedAt), time(one.resolvedAt)])] : null,
    h("h2", null, "Sources"),
    sources.length ? table(["Name", "Kind", "Rules", "Health"], "sources", sources, (one) => [one.name, one.kind, one.rules, badge(one.health === "ok" ? "ok" : "critical", one.health === "ok" ? "well" : `${one.health}: ${count(one.unhealthy, "rule")}`)]) : empty("No sources are defined."),
    h("h2", null, "Configuration"),
    configuration.versions.length ? table(["Version", "When", "By", "Note"], "versions", configuration.versions, (one) => versionRow(one, configuration.inForce)) : empty("No configuration is in force yet."),
  ];
}

const versionRow = ({ number, at, by, note }, inForce) => [
  [h("a", { href: place(`configuration/${number}`) }, `Version ${number}`), number === inForce ? [" ", badge("ok", "in force")] : null],
  time(at),
  by,
  note,
];

/** A table that on a phone becomes a list: each cell knows its column. */
function table(columns, key, rows, cells) {
  const cell = (content, at) => h("td", { "data-column": columns[at] }, h("div", null, String(content) === "0" ? "0" : content));
  return h(
    "table",
    null,
    h("thead", null, h("tr", null, columns.map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", null, rows.slice(0, LINES).map((row) => h("tr", null, cells(row).map(cell)))),
    rows.length > LINES ? h("caption", { key }, `The first ${LINES} of ${rows.length}.`) : null,
  );
}

function drawShard(shard) {
  const { id, buckets, cursor, lagSeconds, setAside, lagging } = shard;
  const late = lagSeconds !== null && lagSeconds > LATE_SECONDS;
  const state = cursor === null ? badge("unknown", "not begun") : late ? badge("critical", `${duration(lagSeconds)} behind`) : badge("ok", "on time");
  return h(
    "section",
    { class: `card ${late ? "critical" : ""}`, key: id },
    h("p", { class: "head" }, h("strong", null, `Shard ${id}`), state),
    facts(
      ["Cursor", cursor ? time(cursor) : "none yet"],
      ["Lag", lagSeconds === null ? null : duration(lagSeconds)],
      ["Late since", shard.lateSince && time(shard.lateSince)],
      ["Buckets", `${buckets.first} to ${buckets.end - 1}`],
      ["Commits", shard.sequence === null ? null : String(shard.sequence)],
      ["Catching up", setAside.length ? `${count(setAside.length, "stretch", "stretches")}` : null],
    ),
    lagging.length ? list(`lagging ${id}`, lagging, LINES, drawLagging) : null,
  );
}

const drawLagging = (one) =>
  h(
    "li",
    { key: one.ruleId },
    h("p", { class: "head" }, h("strong", null, one.rule), one.quarantined ? badge("critical", "quarantined") : badge("warning", "lags")),
    facts(["Up to", time(one.cursor)], ["Tries", String(one.tries)], ["Next try", one.nextTry && ago(one.nextTry)]),
  );

export const configuration = {
  title: "Configuration",

  /** `configuration/<number>`: its text, and what has changed since. */
  async load({ path: [, number] }, _overview, signal) {
    const path = `${OWN}/config/versions/${encodeURIComponent(number)}`;
    const [version, changes, { inForce }] = await Promise.all([
      api.get(path, {}, signal),
      api.get(`${path}/diff`, {}, signal),
      api.get(`${OWN}/config/versions`, {}, signal),
    ]);
    return { version, changes, inForce };
  },

  draw({ version: { number, by, at, note, text, templates }, changes, inForce }) {
    const old = number !== inForce;
    return [
      h("p", null, h("a", { href: place("status") }, "All versions")),
      h(
        "section",
        { class: "card" },
        h("p", { class: "head" }, h("strong", null, `Version ${number}`), old ? null : badge("ok", "in force")),
        facts(["When", time(at)], ["By", by], ["Note", note], ["Templates", templates.join(", ")]),
        old ? h("p", { class: "actions" }, action("Put in force again", "admin", () => restore(number))) : null,
      ),
      changes.changed ? [h("h2", null, `From ${changes.from} to ${changes.to}`), h("pre", { class: "diff" }, changes.diff.map(diffLine))] : null,
      changes.secretsChanged ? h("p", { class: "about" }, "Secrets have changed too.") : null,
      h("h2", null, "Text, without its secrets"),
      h("pre", null, text),
    ];
  },
};

const SIGNS = { "+": "added", "-": "removed", "@": "place" };

const diffLine = (line) => h("span", { class: SIGNS[line[0]] ?? "same" }, `${line.replace(/\n$/, "")}\n`);

async function restore(number) {
  const text = "It becomes a new version with the same text.";
  if (!(await confirm(`Put version ${number} in force again?`, text, "Put in force"))) return undefined;
  const { version } = await api.post(`${OWN}/config/versions/${number}/restore`, {});
  location.hash = place(`configuration/${version}`);
  return `Version ${version} is in force.`;
}
