import pino, { type DestinationStream, type Logger } from 'pino';
import { reasonOf, safeFacts, withoutValues } from '../domain/safe-error';
import type { Config } from './config';

/**
 * JSON lines on standard output, or `to`. Passwords, tokens, IINs, e-mails and the statements of failed queries have no place in them:
 * whatever a caller hands over passes through the same sieve.
 */
export const openLog = (config: Pick<Config, 'logLevel'>, process: string, to?: DestinationStream): Logger =>
  pino(
    {
      level: config.logLevel,
      base: { process },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['password', '*.password', 'req.headers.cookie'],
      serializers: { err: (error: unknown) => error },
      formatters: { log: (facts) => safeFacts(facts) as Record<string, unknown> },
      hooks: {
        logMethod([facts, text, ...rest], method) {
          const error: unknown = facts instanceof Error ? facts : (facts as { err?: unknown } | undefined)?.err;
          // pino would take the error's own message for a sentence that is missing
          const said: unknown = text === undefined && error instanceof Error ? reasonOf(error) : text;
          method.apply(this, [facts, said, ...rest].map((arg) => (typeof arg === 'string' ? withoutValues(arg) : arg)) as never);
        },
      },
    },
    ...(to ? [to] : []),
  );
