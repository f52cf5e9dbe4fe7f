import { type Purpose, PURPOSES, type Role, ROLES } from '../signature';

/** What `kense verify` was asked to do. */
export interface VerifyArguments {
  readonly signatureFile: string;
  readonly contentFile: string | undefined;
  /** Undefined: now. */
  readonly at: Date | undefined;
  readonly trustFiles: readonly string[];
  readonly crlFiles: readonly string[];
  readonly ocspFiles: readonly string[];
  /** Undefined: no purpose was named, what is not at hand is not asked for. */
  readonly purpose: Purpose | undefined;
  readonly requiredRoles: readonly Role[];
  readonly json: boolean;
}

/** A command line that cannot be obeyed; the message says what is wrong with it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `Usage: kense verify [options] FILE

Checks a CMS signature (DER, PEM or base64), an evidence pack (zip) or a card of an electronic document (PDF) and says who signed,
in which role, when, and whether it holds. A pack and a card bring their document; certificates in them are trusted only when they lead
to the national root or to a certificate given by --trust.

  --content FILE        the signed document, when the signature is detached
  --at TIME             check as of this time (ISO 8601 with zone); default: now
  --trust FILE…         further trusted CA certificates (PEM or DER), besides the national root
  --crl FILE…           certificate revocation lists (DER or PEM)
  --ocsp FILE…          answers of OCSP responders (DER)
  --purpose PURPOSE     check by the rules of a purpose, revocation included: ${PURPOSES.join(', ')}
  --offline             ask nobody; always so, the command uses only the files it is given
  --require-role ROLE   each signer must have this role; several may be given, one is enough:
                        ${ROLES.join(', ')}
  --json                print the report as JSON

Exit status: 0 valid, 1 invalid, 2 cannot tell, 3 unreadable file or wrong usage.
`;

const LIST_OPTIONS = ['--trust', '--crl', '--ocsp', '--require-role'] as const;
const VALUE_OPTIONS = ['--content', '--at', '--purpose'] as const;
type Option = (typeof LIST_OPTIONS)[number] | (typeof VALUE_OPTIONS)[number];

/**
 * Reads the arguments after `verify`. List options take every following word up to the next option; when no other word is left for the
 * signature file, the last word is it. Throws UsageError.
 */
export function parseVerifyArguments(argv: readonly string[]): VerifyArguments {
  const values = new Map<Option, string[]>();
  const words: string[] = [];
  let json = false;
  let open: string[] = words;
  let room = Infinity;
  let optionsEnded = false;
  for (const word of argv) {
    if (optionsEnded || !word.startsWith('--')) {
      const target = room > 0 ? open : words;
      target.push(word);
      room--;
      continue;
    }
    if (open !== words && open.length === 0) throw new UsageError('an option is followed by another instead of its value');
    [open, room] = [words, Infinity];
    if (word === '--') optionsEnded = true;
    else if (word === '--json') json = true;
    else if (word === '--offline') continue;
    else {
      const [name, inline] = splitOption(word);
      open = values.get(name) ?? [];
      values.set(name, open);
      if (inline !== undefined) open.push(inline);
      room = inline !== undefined ? 0 : isList(name) ? Infinity : 1;
    }
  }
  if (words.length === 0 && isGreedy(values, open) && open.length > 1) words.push(open.pop()!);
  for (const [name, given] of values) if (given.length === 0) throw new UsageError(`${name} needs a value`);
  const [signatureFile, ...others] = words;
  if (!signatureFile) throw new UsageError('no signature file given');
  if (others.length > 0) throw new UsageError('more than one signature file given');
  return {
    signatureFile,
    contentFile: single(values, '--content'),
    at: readTime(single(values, '--at')),
    trustFiles: values.get('--trust') ?? [],
    crlFiles: values.get('--crl') ?? [],
    ocspFiles: values.get('--ocsp') ?? [],
    purpose: readPurpose(single(values, '--purpose')),
    requiredRoles: (values.get('--require-role') ?? []).flatMap((text) => text.split(/[|,]/)).map(readRole),
    json,
  };
}

function isGreedy(values: ReadonlyMap<Option, string[]>, open: string[]): boolean {
  return LIST_OPTIONS.some((name) => values.get(name) === open);
}

function isList(name: Option): boolean {
  return LIST_OPTIONS.some((option) => option === name);
}

function splitOption(word: string): [Option, string | undefined] {
  const [name, ...rest] = word.split('=');
  const option = [...LIST_OPTIONS, ...VALUE_OPTIONS].find((known) => known === name);
  if (!option) throw new UsageError(`unknown option ${name}`);
  return [option, rest.length > 0 ? rest.join('=') : undefined];
}

function single(values: ReadonlyMap<Option, string[]>, name: Option): string | undefined {
  const given = values.get(name) ?? [];
  if (given.length > 1) throw new UsageError(`${name} is given twice`);
  return given[0];
}

const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;

function readTime(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const at = new Date(text);
  if (!TIME.test(text) || Number.isNaN(at.getTime())) throw new UsageError('--at needs a time like 2026-07-20T14:00:00+05:00');
  return at;
}

function readPurpose(text: string | undefined): Purpose | undefined {
  if (text === undefined) return undefined;
  const purpose = PURPOSES.find((known) => known === text);
  if (!purpose) throw new UsageError(`unknown purpose ${text}`);
  return purpose;
}

function readRole(text: string): Role {
  const role = ROLES.find((known) => known === text);
  if (!role) throw new UsageError(`unknown role ${text}`);
  return role;
}
