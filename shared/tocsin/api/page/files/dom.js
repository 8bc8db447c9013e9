/**
 * What the page shows, as values: `h` says what should be there, `patch` changes no more than is needed.
 * So a refresh keeps focus, scroll, selections, and what somebody is typing.
 * Texts become text nodes, never markup.
 */

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden"]);
const drawn = new WeakMap();

const shown = (child) => child !== null && child !== undefined && child !== false && child !== "";

/** An element; attributes that begin with `on` are handlers, `key` tells it from its neighbours. */
export function h(tag, attributes, ...children) {
  return { tag, attributes: attributes ?? {}, children: children.flat(Infinity).filter(shown) };
}

/** Make these the children of an element. */
export function patch(parent, ...children) {
  const active = document.activeElement;
  fill(parent, children.flat(Infinity).filter(shown));
  if (active !== document.activeElement && active?.isConnected) active.focus({ preventScroll: true });
}

function fill(parent, wanted) {
  const keyed = new Map();
  const others = [];
  for (const child of parent.childNodes) {
    const key = drawn.get(child)?.attributes.key;
    if (key === undefined) others.push(child);
    else keyed.set(key, child);
  }
  const kept = wanted.map((node) => update(node, previous(node, keyed, others)));
  const staying = new Set(kept);
  for (const child of [...parent.childNodes]) if (!staying.has(child)) child.remove();
  let place = parent.firstChild;
  for (const child of kept) {
    if (child === place) place = place.nextSibling;
    else parent.insertBefore(child, place);
  }
}

/** The child that stands for the same thing; it is taken out of those that are left. */
function previous(node, keyed, others) {
  const key = node.attributes?.key;
  if (key !== undefined) {
    const found = keyed.get(key);
    keyed.delete(key);
    return drawn.get(found)?.tag === node.tag ? found : undefined;
  }
  const at = others.findIndex((child) => drawn.get(child)?.tag === node.tag);
  return at < 0 ? undefined : others.splice(at, 1)[0];
}

function update(node, element) {
  if (node.tag === undefined) return updateText(String(node), element);
  const made = element ?? document.createElement(node.tag);
  const before = drawn.get(made)?.attributes ?? {};
  drawn.set(made, node);
  fill(made, node.children); // before the attributes: the value of a select is one of its options
  dress(made, before, node.attributes);
  return made;
}

function updateText(text, element) {
  const made = element ?? document.createTextNode(text);
  drawn.set(made, { tag: undefined, attributes: {} });
  if (made.data !== text) made.data = text;
  return made;
}

function dress(element, before, after) {
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const value = after[name];
    if (name === "key" || before[name] === value) continue;
    if (name.startsWith("on")) element[name] = value ?? null;
    else if (PROPERTIES.has(name)) element[name] = value ?? (name === "value" ? "" : false);
    else if (value === undefined || value === null || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : value);
  }
}
