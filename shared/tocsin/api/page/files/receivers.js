/** Receivers with their last answers, and what was told lately. */

import * as api from "./api.js";
import { h } from "./dom.js";
import { count } from "./format.js";
import { badge, empty, facts, place, some, time } from "./parts.js";
import { outcome, timeline } from "./timeline.js";

const RECEIVERS = 100;
const RECENT = 50;

export const title = "Receivers";

/** `receivers`, `receivers/<name>`. */
export async function load({ path: [, name] }, _overview, signal) {
  const recent = api.get("tocsin/api/v1/notifications", { receiver: name, limit: RECENT }, signal);
  const [{ receivers }, { notifications, total }] = await Promise.all([api.get("tocsin/api/v1/receivers", {}, signal), recent]);
  return { receivers: name ? receivers.filter((one) => one.name === name) : receivers, notifications, total, name };
}

export function draw({ receivers, notifications, total, name }) {
  return [
    name ? h("p", null, h("a", { href: place("receivers") }, "All receivers")) : null,
    receivers.length ? null : empty("No receivers: there is no configuration."),
    some("receivers", receivers, RECEIVERS, drawReceiver),
    h("h2", null, name ? `What ${name} was told` : "What was told"),
    total > notifications.length ? h("p", { class: "about" }, `The newest ${notifications.length} of ${total}.`) : null,
    timeline(notifications, true),
  ];
}

function drawReceiver({ name, integrations }) {
  const failing = integrations.some((one) => one.failing);
  return h(
    "section",
    { class: `card ${failing ? "critical" : ""}`, key: name },
    h("h2", null, h("a", { href: place(`receivers/${encodeURIComponent(name)}`) }, name)),
    integrations.length ? null : h("p", { class: "about" }, "It tells nobody: it has no integration."),
    integrations.map(drawIntegration),
  );
}

function drawIntegration(one) {
  const state = one.failing ? badge("critical", "failing") : one.lastDelivery ? badge("ok", "well") : badge("unknown", "not used yet");
  return h(
    "div",
    { class: "part", key: one.integrationName },
    h("p", { class: "head" }, h("strong", null, one.integration), state, one.sendResolved ? null : h("span", { class: "when" }, "is not told of ends")),
    facts(["Last delivery", ...answer(one.lastDelivery)], ["Last failure", ...answer(one.lastFailure)], ["Tries again", ...retries(one.retrying)]),
  );
}

const answer = (one) => (one ? [time(one.at), " ", outcome(one), " ", one.detail] : [null]);

const retries = (all) =>
  all.length ? [count(all.length, "notification"), all.slice(0, 5).map((one, index) => [index ? ", " : ": ", h("a", { key: one.groupId, href: place(`groups/${one.groupId}`) }, `${one.groupKey} (${count(one.tries, "try", "tries")})`)])] : [null];
