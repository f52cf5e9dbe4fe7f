import { malformed } from '../errors';
import { TAG, type Der } from './der';

const FORM = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{1,9}))?Z$/;

/** Instant of a UTCTime or GeneralizedTime in the DER form (seconds present, zone Z; RFC 5280 §4.1.2.5). */
export function readTime(element: Der): Date {
  const text = Buffer.from(element.value).toString('latin1');
  if (element.tag === TAG.UTC_TIME) return parse((Number(text.slice(0, 2)) >= 50 ? '19' : '20') + text);
  if (element.tag === TAG.GENERALIZED_TIME) return parse(text);
  throw malformed(`expected a time, found tag 0x${element.tag.toString(16)}`);
}

function parse(text: string): Date {
  const match = FORM.exec(text);
  if (!match) throw malformed('time is not written as YYYYMMDDHHMMSSZ');
  const [, year, month, day, hour, minute, second, fraction] = match;
  const millis = Math.floor(Number(`0.${fraction ?? '0'}`) * 1000);
  const at = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second), millis));
  if (Number.isNaN(at.getTime()) || formatTime(at) !== `${match.slice(1, 7).join('')}Z`) throw malformed('time does not exist');
  return at;
}

/** YYYYMMDDHHMMSSZ of an instant; fractions of a second are cut. */
export function formatTime(at: Date): string {
  return `${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
}
