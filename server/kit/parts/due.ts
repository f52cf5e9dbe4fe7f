import { civilDateOf, dueState, workingDaysBetween } from '../../../domain/calendar/working-days';
import type { CivilDate } from '../../../services/texts/types';

/** A deadline as pages show it; null when there is none. */
export function presentDue(dueAt: number | Date | null, now: Date): Due | null {
  if (dueAt === null) return null;
  const at = typeof dueAt === 'number' ? dueAt : dueAt.getTime();
  const state = dueState(at, now.getTime());
  return { date: civilDateOf(at), state, ...(state === 'overdue' ? { workingDaysLate: workingDaysBetween(at, now.getTime()) } : {}) };
}

export interface Due {
  date: CivilDate;
  state: 'ok' | 'soon' | 'today' | 'overdue';
  /** Working days past the date; only when overdue. */
  workingDaysLate?: number;
}
