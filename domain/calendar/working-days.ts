import { zoneOffsetMs } from '../routes/draft';

const dayMs = 86_400_000;
const localDay = (ms: number): number => Math.floor((ms + zoneOffsetMs) / dayMs);
/** Day 0 of the epoch was a Thursday. */
const isWeekend = (day: number): boolean => [0, 6].includes((day + 4) % 7);

/** Monday-to-Friday days in UTC+5 after the day of `from` up to and including the day of `to`; 0 when `to` is not later. Milliseconds UTC. */
export function workingDaysBetween(from: number, to: number): number {
  let count = 0;
  for (let day = localDay(from) + 1; day <= localDay(to); day++) if (!isWeekend(day)) count++;
  return count;
}

/** How near a deadline is: past, on the last day, within two days, or further. */
export function dueState(dueAt: number, now: number): 'ok' | 'soon' | 'today' | 'overdue' {
  if (dueAt < now) return 'overdue';
  const days = localDay(dueAt) - localDay(now);
  return days === 0 ? 'today' : days <= 2 ? 'soon' : 'ok';
}

/** The calendar day YYYY-MM-DD in UTC+5 of an instant in milliseconds UTC. */
export const civilDateOf = (ms: number): string => new Date(ms + zoneOffsetMs).toISOString().slice(0, 10);
