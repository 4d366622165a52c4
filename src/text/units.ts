/** Numbers as people read and type them. */
import type { TranslationBundle } from '@jupyterlab/translation';

/** What stands where a value is not known. */
export const NOTHING = '–';

export function shown(value: number | string | null | undefined): string {
  return value === null || value === undefined ? NOTHING : String(value);
}

/** 1234 → "1.2 k": what fits a narrow column. */
export function compact(value: number | null | undefined): string {
  if (typeof value !== 'number' || value < 1000) {
    return shown(value);
  }
  const [size, unit] = value < 1e6 ? [value / 1e3, 'k'] : [value / 1e6, 'M'];
  // Never rounded up: what is not done yet must not be counted.
  const whole = size < 10 ? Math.floor(size * 10) / 10 : Math.floor(size);
  return `${whole} ${unit}`;
}

export function percent(value: number | null | undefined): string {
  return typeof value === 'number' ? `${Math.round(value)} %` : NOTHING;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** 123456789 → "123 MB". */
export function bytes(value: number | null | undefined): string {
  if (typeof value !== 'number') {
    return NOTHING;
  }
  let size = value;
  let unit = 0;
  while (Math.round(size) >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && size < 9.95 ? 1 : 0;
  return `${size.toFixed(digits)} ${UNITS[unit]}`;
}

/**
 * What was typed as a number of engines, as JSON value; nothing means null.
 *
 * Only the server knows which numbers are fine, so what is no number goes there
 * as it was typed, and its answer names it.
 */
export function parseCount(text: string): number | string | null {
  const typed = text.trim();
  if (typed === '') {
    return null;
  }
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(typed) ? Number(typed) : typed;
}

/** 3.21 s → "3.2 s", 75 s → "1 min 15 s". */
export function duration(seconds: number): string {
  if (seconds < 59.95) {
    return `${seconds.toFixed(seconds < 9.95 ? 1 : 0)} s`;
  }
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60)];
  return hours > 0
    ? `${hours} h ${minutes % 60} min`
    : `${minutes} min ${whole % 60} s`;
}

/** How long ago a moment was; seconds since 1970. */
export function ago(
  moment: number,
  trans: TranslationBundle,
  now = Date.now() / 1000
): string {
  const minutes = Math.floor(Math.max(0, now - moment) / 60);
  if (minutes < 1) {
    return trans.__('just now');
  }
  if (minutes < 60) {
    return trans.__('%1 min ago', minutes);
  }
  return minutes < 24 * 60
    ? trans.__('%1 h ago', Math.floor(minutes / 60))
    : new Date(moment * 1000).toLocaleDateString();
}
