import { isGrpcServiceError } from '@temporalio/client';
import { isDatabaseAway } from '../storage/db';
import { ObjectStoreAway } from '../storage/objects';

/** CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNAVAILABLE: what gRPC says of a server that is not to be had now. */
const awayStatuses = new Set([1, 2, 4, 8, 14]);

/** A server that Kense stands on is away or refuses its work: reading again soon may help, and nothing is wrong with what was asked. */
export function isOutage(error: unknown): boolean {
  if (isDatabaseAway(error) || error instanceof ObjectStoreAway) return true;
  const cause = (error as { cause?: unknown } | null)?.cause;
  return [error, cause].some((one) => isGrpcServiceError(one) && awayStatuses.has(one.code));
}
