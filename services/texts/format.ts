import type { Lang } from '../../domain/languages';
import type { CivilDate, Instant } from './types';

/** Kazakhstan keeps one zone since 1 March 2024; pages name it once, so older instants are shown in it too. */
export const zoneName = 'UTC+5';
const zoneOffsetMs = 5 * 3_600_000;
const dayMs = 86_400_000;

const local = (instant: Instant): Date => {
  const ms = Date.parse(instant);
  if (Number.isNaN(ms)) throw new Error(`not an instant: ${instant}`);
  return new Date(ms + zoneOffsetMs);
};

const two = (n: number): string => String(n).padStart(2, '0');

/** Calendar day of an instant in UTC+5. */
export const civilDay = (instant: Instant): CivilDate => local(instant).toISOString().slice(0, 10);

/** `20.11.2026` from a calendar day `2026-11-20`. */
export const formatDate = (date: CivilDate): string => date.split('-').reverse().join('.');

/** `09:42`. */
export const formatTime = (instant: Instant): string => `${two(local(instant).getUTCHours())}:${two(local(instant).getUTCMinutes())}`;

/** `20.11.2026 09:42`, with `:17` when seconds are asked for. */
export const formatDateTime = (instant: Instant, withSeconds = false): string =>
  `${formatDate(civilDay(instant))} ${formatTime(instant)}${withSeconds ? `:${two(local(instant).getUTCSeconds())}` : ''}`;

/** How a list shows an instant: the day's word when it is near (`today`, `yesterday`), the year only when it is another one. */
export function nearness(instant: Instant, now: Instant): { day: 'today' | 'yesterday' | null; date: string } {
  const day = civilDay(instant);
  const today = civilDay(now);
  const date = day.slice(0, 4) === today.slice(0, 4) ? formatDate(day).slice(0, 5) : formatDate(day);
  if (day === today) return { day: 'today', date };
  return { day: day === civilDay(new Date(Date.parse(now) - dayMs).toISOString()) ? 'yesterday' : null, date };
}

const sizeUnits: Record<Lang, readonly string[]> = {
  ru: ['Б', 'КБ', 'МБ', 'ГБ'],
  kk: ['Б', 'КБ', 'МБ', 'ГБ'],
  en: ['B', 'KB', 'MB', 'GB'],
};

/** `1,4 МБ`: bytes in steps of 1024, one decimal below ten. */
export function formatFileSize(bytes: number, lang: Lang, number: (value: number, digits: number) => string): string {
  let value = bytes;
  let step = 0;
  while (value >= 1024 && step < 3) {
    value /= 1024;
    step += 1;
  }
  return `${number(value, step > 0 && value < 10 ? 1 : 0)}\u00a0${sizeUnits[lang][step]}`;
}

/** `8104••••••14`: an IIN as others see it. */
export const maskIin = (iin: string): string => (iin.length === 12 ? `${iin.slice(0, 4)}••••••${iin.slice(10)}` : '••••');

/** `150 340 021 876`. */
export const groupDigits = (digits: string): string => digits.replace(/(\d{3})(?=\d)/g, '$1\u00a0');

/** `7f3a 09c2 … d41e`: the ends of a hexadecimal digest. */
export const shortHash = (hex: string): string => (hex.length > 16 ? `${hex.slice(0, 4)} ${hex.slice(4, 8)} … ${hex.slice(-4)}` : hex);

/** Digest in groups of eight, for comparing by eye. */
export const groupHash = (hex: string): string => hex.replace(/(.{8})(?=.)/g, '$1 ');
