/** True for a ULID in canonical form (26 characters of Crockford's base 32, first one 0–7). */
export const isUlid = (value: unknown): value is string => typeof value === 'string' && /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(value);
