import type { FaultCode } from './codes';

/** Outcome of one check: passed, failed with a code, or not checked, with a code when that alone keeps the signature from being valid. */
export type Finding =
  | { readonly result: 'pass'; readonly detail?: string }
  | { readonly result: 'fail'; readonly code: FaultCode; readonly detail?: string }
  | { readonly result: 'not checked'; readonly code?: FaultCode; readonly detail?: string };

export function pass(detail?: string): Finding {
  return { result: 'pass', detail };
}

export function fail(code: FaultCode, detail?: string): Finding {
  return { result: 'fail', code, detail };
}

export function notChecked(code?: FaultCode, detail?: string): Finding {
  return { result: 'not checked', code, detail };
}
