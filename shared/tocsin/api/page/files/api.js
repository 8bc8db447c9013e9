/** Asking the API, as whoever looks at the page. Paths are relative: the page may stand behind a prefix. */

const KEY = "tocsin-authorization";

/** The API has refused, or did not answer: then `status` is 0. */
export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Bring a token, or a name and a password, from now on; nothing if there is no secret. */
export function bring(name, secret) {
  const encoded = () => btoa(String.fromCodePoint(...new TextEncoder().encode(`${name}:${secret}`)));
  if (secret) sessionStorage.setItem(KEY, name ? `Basic ${encoded()}` : `Bearer ${secret}`);
  else sessionStorage.removeItem(KEY);
}

/** What a path answers; `parameters` may hold lists, and what is undefined is left out. */
export function get(path, parameters = {}, signal = undefined) {
  const query = new URLSearchParams();
  for (const [name, values] of Object.entries(parameters))
    for (const value of [values].flat()) if (value !== undefined) query.append(name, value);
  return ask("GET", query.size ? `${path}?${query}` : path, undefined, signal);
}

export const post = (path, body) => ask("POST", path, body);
export const remove = (path) => ask("DELETE", path);

async function ask(method, path, body, signal) {
  // X-Requested-With: a 401 is for this page to deal with, not for the browser's own prompt.
  const headers = { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" };
  const authorization = sessionStorage.getItem(KEY);
  if (authorization) headers.Authorization = authorization;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const options = { method, headers, signal, cache: "no-store", body: body && JSON.stringify(body) };
  let response;
  let text;
  try {
    response = await fetch(path, options);
    text = await response.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, "the API does not answer");
  }
  if (!response.ok) throw new Refusal(response.status, reason(response, text));
  return text.trim() ? parsed(text) : null;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(0, "the answer is no JSON");
  }
}

/** What an error says, in the form of whichever family. */
function reason(response, text) {
  try {
    const said = JSON.parse(text);
    const words = typeof said === "string" ? said : (said.detail ?? said.message ?? said.error);
    if (words) return String(words);
  } catch {
    // not JSON: the status has to do
  }
  return `${response.status} ${response.statusText}`.trim();
}
