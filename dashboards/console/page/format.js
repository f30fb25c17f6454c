// @ts-check

/** @typedef {import('../../panel.ts').Unit} Unit */

let utc = false;

/** @param {boolean} useUtc whether times are shown in UTC instead of the reader's zone */
export function setUtc(useUtc) {
  utc = useUtc;
}

/** Whether times are written in UTC. */
export function isUtc() {
  return utc;
}

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const two = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const money = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD', maximumFractionDigits: 2 });

/**
 * A number in full, for tables and large figures.
 * @param {number} value
 * @param {Unit} unit
 */
export function number(value, unit) {
  switch (unit) {
    case 'ratio':
      return percent(value);
    case 'ms':
      return value >= 10_000 ? `${two.format(value / 1_000)} s` : `${whole.format(value)} ms`;
    case 'seconds':
    case 'age':
      return value < 10 ? `${two.format(value)} s` : duration(value * 1_000);
    case 'usd':
      return money.format(value);
    case 'time':
      return dayAndTime(value < 1e11 ? value * 1_000 : value);
    case 'per_second':
      return `${decimal(value)}/s`;
    case 'per_minute':
      return `${decimal(value)}/min`;
    case 'count':
    case 'text':
      return decimal(value);
  }
}

/**
 * A number in few characters, for axes.
 * @param {number} value
 * @param {Unit} unit
 */
export function short(value, unit) {
  switch (unit) {
    case 'ratio':
      return percent(value);
    case 'ms':
      return value >= 1_000 ? `${two.format(value / 1_000)} s` : `${whole.format(value)} ms`;
    case 'seconds':
    case 'age':
      return value < 10 ? `${two.format(value)} s` : duration(value * 1_000);
    case 'usd':
      return `$${compact.format(value)}`;
    default:
      return Math.abs(value) < 10 ? two.format(value) : compact.format(value).replace('K', 'k');
  }
}

/** @param {number} value */
function decimal(value) {
  return Math.abs(value) >= 100 || Number.isInteger(value) ? whole.format(value) : two.format(value);
}

/** @param {number} value */
function percent(value) {
  const hundredths = value * 100;
  if (hundredths === 0) return '0 %';
  if (Math.abs(hundredths) < 0.01) return '< 0.01 %';
  const digits = Math.abs(hundredths) >= 10 ? 1 : 2;
  return `${Number(hundredths.toFixed(digits))} %`;
}

/**
 * A duration in its two largest units.
 * @param {number} ms
 */
export function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10 && seconds % 60 !== 0) return `${minutes} min ${seconds % 60} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/**
 * A duration in its largest unit, for columns that are compared.
 * @param {number} ms
 */
export function age(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/**
 * Remaining minutes and seconds, as a countdown shows them.
 * @param {number} ms
 */
export function countdown(ms) {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  const two = (/** @type {number} */ part) => String(part).padStart(2, '0');
  const hours = Math.floor(seconds / 3_600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/** @param {Intl.DateTimeFormatOptions} options */
function formatter(options) {
  return new Intl.DateTimeFormat('en-GB', { ...options, ...(utc ? { timeZone: 'UTC' } : {}) });
}

/** @param {number} ms */
export function clockTime(ms) {
  return formatter({ hour: '2-digit', minute: '2-digit' }).format(ms);
}

/** @param {number} ms */
export function clockSeconds(ms) {
  return formatter({ hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(ms);
}

/** @param {number} ms */
export function dayAndTime(ms) {
  return formatter({ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }).format(ms);
}

/** @param {number} ms */
export function fullTime(ms) {
  return formatter({ dateStyle: 'medium', timeStyle: 'medium' }).format(ms);
}

/**
 * The time without a day if it is of the present day, otherwise with the day.
 * @param {number} ms
 * @param {number} present
 */
export function nearTime(ms, present) {
  const day = formatter({ dateStyle: 'short' });
  return day.format(ms) === day.format(present) ? clockTime(ms) : dayAndTime(ms);
}

/**
 * Writes the ISO-8601 times in a text of the server as the page writes times.
 * @param {string} text
 * @param {number} present
 */
export function withNearTimes(text, present) {
  return text.replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z/g, (iso) => {
    const ms = Date.parse(iso);
    return Number.isNaN(ms) ? iso : nearTime(ms, present);
  });
}

/** Name of the time zone in which the page shows times. */
export function zoneName() {
  if (utc) return 'UTC';
  const part = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' })
    .formatToParts(0)
    .find(({ type }) => type === 'timeZoneName');
  return part?.value ?? 'local time';
}

/** @param {string} name such as `useless_retries` */
export function words(name) {
  const text = name.replaceAll('_', ' ').trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
