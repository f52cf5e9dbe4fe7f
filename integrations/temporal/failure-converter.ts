import { DefaultFailureConverter, TemporalFailure } from '@temporalio/common';
import { describeError } from '../../domain/safe-error';

/** The error as it may be kept: failures of ours hold codes and sentences, any other may quote statements and values. */
function safe(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof TemporalFailure) return error;
  const { message, stack } = describeError(error);
  const kept = new Error(message, error.cause === undefined ? undefined : { cause: error.cause });
  kept.name = error.name;
  kept.stack = `${error.name}: ${message}\n${stack ?? ''}`;
  return kept;
}

class SafeFailureConverter extends DefaultFailureConverter {
  override errorToFailure(
    ...[error, ...rest]: Parameters<DefaultFailureConverter['errorToFailure']>
  ): ReturnType<DefaultFailureConverter['errorToFailure']> {
    return super.errorToFailure(safe(error), ...rest);
  }
}

/** Encrypts messages and stack traces of failures together with the payloads. Loaded by path in workers, clients and the workflow bundle. */
export const failureConverter = new SafeFailureConverter({ encodeCommonAttributes: true });
