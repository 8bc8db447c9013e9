/** Matchers as Alertmanager writes them: `name="value"`, with `!=`, `=~` and `!~`. */

const ONE = /^\s*("(?:[^"\\]|\\.)*"|[^\s"=!~{},]+)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|[^",{}]*)\s*(?:,|$)/;
const BARE = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const ESCAPES = { n: "\n", '"': '"', "\\": "\\" };

export const OPERATORS = ["=", "!=", "=~", "!~"];

const unquoted = (text) =>
  text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, (all, one) => ESCAPES[one] ?? all) : text.trim();
const quoted = (text) => `"${text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;

/** The matchers of a text, `{a="b",c=~"d"}` or without braces; throws an Error that says where it fails. */
export function parse(text) {
  let rest = text.trim();
  if (rest.startsWith("{") && rest.endsWith("}")) rest = rest.slice(1, -1);
  const found = [];
  while (rest.trim()) {
    const match = ONE.exec(rest);
    if (!match) throw new Error(`expected name="value" at: ${rest.trim()}`);
    found.push(matcher(unquoted(match[1]), match[2], unquoted(match[3])));
    rest = rest.slice(match[0].length);
  }
  return found;
}

export const matcher = (name, operator, value) => ({
  name,
  value,
  isRegex: operator.endsWith("~"),
  isEqual: !operator.startsWith("!"),
});

export const operator = ({ isRegex, isEqual = true }) =>
  isRegex ? (isEqual ? "=~" : "!~") : isEqual ? "=" : "!=";

export const write = (one) =>
  `${BARE.test(one.name) ? one.name : quoted(one.name)}${operator(one)}${quoted(one.value)}`;

export const writeAll = (matchers) => `{${matchers.map(write).join(",")}}`;

/** The matchers that say exactly these labels. */
export const ofLabels = (labels) => Object.entries(labels).map(([name, value]) => matcher(name, "=", value));
