import pino, { type Logger } from 'pino';
import type { Config } from './config';

/** JSON lines on standard output; passwords, tokens and IINs have no place in them. */
export const openLog = (config: Pick<Config, 'logLevel'>, process: string): Logger =>
  pino({
    level: config.logLevel,
    base: { process },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: ['password', '*.password', 'req.headers.cookie'],
  });
