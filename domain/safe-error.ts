/**
 * What may be said of an error where many can read it: in logs, on terminals, in Temporal's store. `message` holds no values that came
 * from people or the record; `stack` only says where.
 */
export type SafeError = { type: string; message: string; code?: string; errno?: number; stack?: string; cause?: SafeError };

type Unknown = Readonly<Record<string, unknown>>;
const asRecord = (value: unknown): Unknown | null => (typeof value === 'object' && value !== null ? (value as Unknown) : null);

/** Deeper causes say nothing new, and an error may be its own. */
const maxDepth = 4;

/**
 * Describes any thrown value. A database's own sentence quotes what it was sent, and the driver's errors carry the statement with all its
 * values: of those only code, number and the name of the key or column are kept.
 */
export function describeError(error: unknown, depth = 0): SafeError {
  const record = asRecord(error);
  if (!record) return { type: typeof error, message: withoutValues(String(error)) };
  const source = databaseSource(record);
  const type = typeof record.name === 'string' && record.name !== '' ? record.name : 'Error';
  const { code, errno } = source ?? record;
  return {
    type,
    message: source ? databaseMessage(source) : withoutValues(typeof record.message === 'string' ? record.message : type),
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof errno === 'number' ? { errno } : {}),
    ...(typeof record.stack === 'string' ? { stack: framesOf(record.stack) } : {}),
    ...(!source && record.cause !== undefined && depth < maxDepth ? { cause: describeError(record.cause, depth + 1) } : {}),
  };
}

/** The message alone, with its code where that says more. */
export function reasonOf(error: unknown): string {
  const { type, message, code } = describeError(error);
  return message || code || type;
}

/** The error as a program prints it before it gives up. */
export function printError(error: unknown): string {
  const { type, message, stack, cause } = describeError(error);
  return [`${type}: ${message}`, stack, cause && `caused by ${cause.type}: ${cause.message}`, cause?.stack].filter(Boolean).join('\n');
}

/** The driver's own error: Sequelize wraps it as `original`, a raw connection throws it. */
function databaseSource(record: Unknown): Unknown | null {
  const original = asRecord(record.original) ?? asRecord(record.parent);
  if (original) return original;
  return typeof record.sql === 'string' || typeof record.sqlMessage === 'string' || typeof record.sqlState === 'string' ? record : null;
}

/** The server ends some sentences with the name of a key or column; nothing before that is free of values. */
const namedPlace = /for (key|column) [`']([A-Za-z0-9_.$]{1,130})[`'](?: at row \d+)?$/;

function databaseMessage(source: Unknown): string {
  const said = typeof source.sqlMessage === 'string' ? source.sqlMessage : '';
  const [, kind, name] = namedPlace.exec(said) ?? [];
  const code = typeof source.code === 'string' ? source.code : 'a database error';
  return kind ? `${code} (${kind} ${name})` : code;
}

const framesOf = (stack: string): string =>
  stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');

/** E-mails, IINs and BINs, links that open something, keys and digests: nothing a log needs. */
const values: readonly [RegExp, string][] = [
  [/[^\s@<>"'(),;:]+@[^\s@<>"'(),;:]+\.[^\s@<>"'(),;:]+/g, '…@…'],
  [/\/(invitations|check|api1|api2)\/[A-Za-z0-9_.-]{22,27}/g, '/$1/…'],
  [/\$argon2[^\s'"]*/g, '…'],
  [/(?<![A-Za-z0-9])\d{12}(?![A-Za-z0-9])/g, '…'],
  [/(?<![A-Za-z0-9])[0-9a-fA-F]{32,}(?![A-Za-z0-9])/g, '…'],
  [/[A-Za-z0-9+_=-]{43,}/g, '…'],
];

/** A text without what looks like personal data or a secret in it. */
export const withoutValues = (text: string): string => values.reduce((left, [pattern, mark]) => left.replace(pattern, mark), text);

/** The same for everything under these facts: errors become what may be said of them, however deep they lie. */
export function safeFacts(value: unknown, depth = 0): unknown {
  if (value instanceof Error) return describeError(value);
  if (typeof value === 'string') return withoutValues(value);
  if (Array.isArray(value)) return depth < maxDepth ? value.map((one) => safeFacts(one, depth + 1)) : '…';
  const record = asRecord(value);
  if (!record || value instanceof Date || typeof record.toJSON === 'function') return value;
  if (depth >= maxDepth) return '…';
  return Object.fromEntries(Object.entries(record).map(([key, one]) => [key, safeFacts(one, depth + 1)]));
}
