import { ulid } from 'ulid';

/** A new ULID: sorts by time, 80 random bits. */
export const newId = (): string => ulid();
