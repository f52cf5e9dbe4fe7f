const offsetMs = 5 * 3_600_000;

/** An instant as API No. 1 writes it: ISO 8601 with milliseconds and the offset of Kazakhstan, `2026-01-31T16:21:37.060+05:00`. */
export const localIso = (at: number): string => `${new Date(at + offsetMs).toISOString().slice(0, -1)}+05:00`;
