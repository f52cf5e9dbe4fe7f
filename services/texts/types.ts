/** ISO 8601 with zone, for example `2026-11-20T04:42:00.000Z`; shown in UTC+5. */
export type Instant = string;

/** `YYYY-MM-DD`, a calendar day in Kazakhstan. */
export type CivilDate = string;
export type Params = Record<string, string | number>;

/** A refusal in words: `errors.<code>` of the locale files, with its parameters. */
export interface ErrorRef {
  code: string;
  params?: Params;
}
