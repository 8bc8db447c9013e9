/** The notification log of a group as a timeline, and who is told of an alert. */

import { reasons } from "./alerts.js";
import * as api from "./api.js";
import { h } from "./dom.js";
import { count, duration } from "./format.js";
import * as matchers from "./matchers.js";
import { badge, empty, facts, labels, place, time } from "./parts.js";

const OUTCOMES = { delivered: "ok", skipped: "unknown", muted: "muted", overtaken: "muted" };

export const group = {
  title: "Group",

  async load({ path: [, id] }, _overview, signal) {
    const path = `tocsin/api/v1/groups/${encodeURIComponent(id)}`;
    const [one, { notifications }] = await Promise.all([api.get(path, {}, signal), api.get(`${path}/notifications`, {}, signal)]);
    return { one, notifications };
  },

  draw({ one, notifications }) {
    const firing = one.alerts.filter((alert) => alert.state === "active").length;
    const muted = one.alerts.filter((alert) => alert.state === "suppressed").length;
    return [
      h("p", null, h("a", { href: place("alerts") }, "All alerts")),
      h(
        "section",
        { class: "card" },
        h("h2", null, Object.values(one.labels).join(" · ") || "all alerts"),
        labels(one.labels),
        facts(
          ["Holds", one.alerts.length ? `${count(one.alerts.length, "alert")}: ${firing} firing, ${muted} muted` : "no alert"],
          ["Receiver", one.receiver],
          ["Last told", time(one.notifiedAt)],
          ["Next look", time(one.due)],
          ["Next slot", time(one.nextFlush)],
          ["Next try", one.retryAt && time(one.retryAt)],
          ["Every", duration(one.groupIntervalSeconds)],
        ),
      ),
      h("h2", null, "What was told"),
      timeline(notifications),
    ];
  },
};

/** Notifications, newest first. */
export function timeline(notifications, withGroup = false) {
  if (!notifications.length) return empty("Nobody was told of anything yet.");
  return h("ol", { class: "timeline" }, notifications.map((one) => drawNotification(one, withGroup)));
}

export const outcome = (one) => badge(OUTCOMES[one.outcome] ?? "critical", one.outcome, one.final ? "" : ", tried again");

function drawNotification(one, withGroup) {
  const tallies = [one.firing ? `${one.firing} firing` : "", one.resolved ? `${one.resolved} resolved` : ""].filter(Boolean);
  return h(
    "li",
    { key: `${one.id} ${one.integrationName} ${one.at} ${one.outcome}`, class: OUTCOMES[one.outcome] ?? "critical" },
    h("p", { class: "head" }, time(one.at), outcome(one)),
    h("p", null, h("strong", null, `${one.receiver} / ${one.integration}`), ` · ${one.reason}`, tallies.length ? ` · ${tallies.join(", ")}` : "", one.tries > 1 ? ` · ${one.tries} tries` : ""),
    one.detail ? h("p", { class: "note" }, one.detail) : null,
    withGroup ? h("p", null, h("a", { href: place(`groups/${one.groupId}`) }, Object.values(one.groupLabels).join(" · ") || one.groupKey)) : null,
  );
}

const VERDICTS = { told: "ok", waiting: "info", notHeld: "unknown", failing: "critical", noIntegration: "warning" };

export const explain = {
  title: "Who is told?",

  load({ parameters }, _overview, signal) {
    const label = matchers.parse(parameters.get("labels") ?? "").map(({ name, value }) => `${name}=${value}`);
    return api.get("tocsin/api/v1/explain", { label }, signal);
  },

  draw({ labels: all, muted, routes }) {
    return [
      h("section", { class: "card" }, h("h2", null, all.alertname ?? "An alert"), labels(all), reasons(muted)),
      routes.length ? null : empty("No route takes it."),
      routes.map((route) =>
        h(
          "section",
          { class: "card", key: route.routeId },
          h("h2", null, route.receiver),
          h("p", { class: "head" }, badge(VERDICTS[route.verdict] ?? "muted", route.verdict)),
          h("p", null, route.explanation),
          reasons({ ...route.muted, silences: [], inhibitedBy: [] }),
          facts(
            ["Route", route.path.at(-1)],
            ["Group wait", duration(route.groupWaitSeconds)],
            ["Group interval", duration(route.groupIntervalSeconds)],
            ["Repeat interval", duration(route.repeatIntervalSeconds)],
            ["Next look", route.due && time(route.due)],
          ),
          route.held ? h("p", null, h("a", { href: place(`groups/${route.groupId}`) }, "Timeline of its group")) : null,
          route.notifications.length ? timeline(route.notifications) : null,
        ),
      ),
    ];
  },
};
