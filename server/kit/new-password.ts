import { z } from 'zod';
import { maxPasswordLength, minPasswordLength, passwordProblem } from '../../services/accounts/passwords';
import type { ErrorRef } from '../../services/texts/types';
import { flatten } from './form';
import type { FieldErrors } from './views';

const pair = z.object({
  password: z
    .string()
    .max(maxPasswordLength + 1)
    .default(''),
  repeat: z
    .string()
    .max(maxPasswordLength + 1)
    .default(''),
});

/** Reads a new password typed twice; what is wrong with it by field, or the password. */
export function readNewPassword(
  body: unknown,
  own: readonly string[],
): { ok: true; password: string } | { ok: false; errors: Record<string, ErrorRef> } {
  const form = pair.safeParse(flatten(body));
  const { password, repeat } = form.success ? form.data : { password: '', repeat: '' };
  const problem = passwordProblem(password, own);
  if (problem) return { ok: false, errors: { password: { code: problem, params: { min: minPasswordLength } } } };
  return password === repeat ? { ok: true, password } : { ok: false, errors: { repeat: { code: 'person.passwords_differ' } } };
}

/** A new password, typed twice: `password`, `repeat`, and `current` where it is asked for. */
export interface NewPasswordPage {
  action: string;
  login: string;
  asksCurrent: boolean;
  /** The password in use was chosen by somebody else. */
  isFirst: boolean;
  errors: FieldErrors;
}
