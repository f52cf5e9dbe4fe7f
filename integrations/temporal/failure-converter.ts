import { DefaultFailureConverter } from '@temporalio/common';

/** Encrypts messages and stack traces of failures together with the payloads. Loaded by path in workers, clients and the workflow bundle. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
