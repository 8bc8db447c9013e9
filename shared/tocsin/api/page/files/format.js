/** Times, durations and numbers in words. */

const MINUTE = 60;
const UNITS = [["d", 86400], ["h", 3600], ["min", MINUTE], ["s", 1]];
const SPOKEN = { w: 604800, d: 86400, h: 3600, m: MINUTE, s: 1 };

/** `2 h 5 min`: the two largest units. */
export function duration(seconds) {
  let rest = Math.round(Math.abs(seconds));
  const parts = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count) parts.push(`${count} ${unit}`);
    else if (parts.length) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ") || "0 s";
}

/** `in 5 min`, `2 h ago`, `now`. */
export function relative(text, now = Date.now()) {
  const seconds = (Date.parse(text) - now) / 1000;
  if (Math.abs(seconds) < 1) return "now";
  const [first, second] = duration(seconds).match(/\d+ \w+/g);
  const words = second && !second.endsWith(" s") && Math.abs(seconds) < 2 * 86400 ? `${first} ${second}` : first;
  return seconds > 0 ? `in ${words}` : `${words} ago`;
}

const pad = (number) => String(number).padStart(2, "0");

/** A time of this day as `14:30`, another with its date. */
export function clock(text, now = new Date()) {
  const at = new Date(text);
  const time = `${pad(at.getHours())}:${pad(at.getMinutes())}`;
  if (at.toDateString() === now.toDateString()) return time;
  const year = at.getFullYear() === now.getFullYear() ? {} : { year: "numeric" };
  return `${at.toLocaleDateString("en-GB", { day: "numeric", month: "short", ...year })} ${time}`;
}

/** What an `<input type="datetime-local">` takes. */
export function localInput(at) {
  const date = `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
  return `${date}T${pad(at.getHours())}:${pad(at.getMinutes())}`;
}

/** Seconds of `2h30m`; NaN if it says none. */
export function seconds(text) {
  const compact = text.replace(/\s+/g, "");
  if (!/^(\d+(w|d|h|m|s))+$/.test(compact)) return NaN;
  let total = 0;
  for (const [, count, unit] of compact.matchAll(/(\d+)(w|d|h|m|s)/g)) total += count * SPOKEN[unit];
  return total;
}

/** `1 alert`, `2 alerts`. */
export const count = (number, noun, plural = `${noun}s`) => `${number} ${number === 1 ? noun : plural}`;

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
