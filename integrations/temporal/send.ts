import {
  type Client,
  isGrpcServiceError,
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure, type Workflow } from '@temporalio/common';
import { isRefusalCode, type RefusalCode } from '../../domain/refusals';
import type { RouteCommand } from '../../domain/routes/decide';
import { queues } from '../../workflows/contracts/queues';
import {
  type OpenRoute,
  routeLookName,
  type RouteMessage,
  type RoutePolicy,
  type RouteSaved,
  type RouteStart,
  routeUpdateName,
  routeWorkflowName,
} from '../../workflows/contracts/route';

/**
 * How a command ended: `done`; `refused` with the rule's code; `unknown` when the deadline passed first (sending the same command again is
 * harmless); `closed` when the run has ended or never was; `down` when Temporal cannot be reached.
 */
export type Outcome<T> =
  { kind: 'done'; value: T } | { kind: 'refused'; code: RefusalCode } | { kind: 'unknown' } | { kind: 'closed' } | { kind: 'down' };

/** How long a page waits for a command before it says "still working". Milliseconds. */
const deadlineMs = 8_000;

export const defaultRoutePolicy: RoutePolicy = { mailPatienceMs: 3 * 86_400_000, maxHistoryEvents: 4_000, openPatienceMs: 3_600_000 };

/** Workflow id of one attempt of a document. */
export const routeWorkflowId = (documentId: string, attempt: number): string => `route-${documentId}-${attempt}`;

/** Sends commands to routes. */
export function routeSender(client: Client, policy: RoutePolicy = defaultRoutePolicy) {
  return {
    /** Sends a document on its route, starting the run. */
    open(open: OpenRoute): Promise<Outcome<RouteSaved>> {
      const input: RouteStart = { documentId: open.documentId, attempt: open.attempt, policy };
      const start = new WithStartWorkflowOperation(routeWorkflowName, {
        workflowId: routeWorkflowId(open.documentId, open.attempt),
        taskQueue: queues.flow,
        args: [input],
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'REJECT_DUPLICATE', // without it a closed route would silently start anew
      });
      const message: RouteMessage = { kind: 'open', commandId: open.commandId, open };
      return outcomeOf(client, () =>
        client.workflow.executeUpdateWithStart<Workflow, RouteSaved, [RouteMessage]>(routeUpdateName, {
          updateId: open.commandId,
          args: [message],
          startWorkflowOperation: start,
        }),
      );
    },

    /** Sends one command to a running route; to one that was found behind the record with `isBehind`, so that it reads the record first. */
    command(
      route: { documentId: string; attempt: number },
      commandId: string,
      command: RouteCommand,
      { isBehind = false } = {},
    ): Promise<Outcome<RouteSaved>> {
      const message: RouteMessage = { kind: 'command', commandId, command, ...(isBehind && { isBehind }) };
      const handle = client.workflow.getHandle(routeWorkflowId(route.documentId, route.attempt));
      return outcomeOf(client, () =>
        handle.executeUpdate<RouteSaved, [RouteMessage]>(routeUpdateName, {
          updateId: isBehind ? `${commandId}-again` : commandId, // the server remembers how the first one ended
          args: [message],
        }),
      );
    },

    /** Has the run of a route read its record; one that has ended, or was lost, starts again and ends when nothing is left to do. */
    async look(route: { documentId: string; attempt: number }): Promise<void> {
      const input: RouteStart = { documentId: route.documentId, attempt: route.attempt, policy, resume: true };
      await client.workflow.signalWithStart(routeWorkflowName, {
        workflowId: routeWorkflowId(route.documentId, route.attempt),
        taskQueue: queues.flow,
        args: [input],
        signal: routeLookName,
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      });
    },

    /** Starts a run for a route the record says is live; false when one is running already. */
    async resume(route: { documentId: string; attempt: number }): Promise<boolean> {
      const input: RouteStart = { documentId: route.documentId, attempt: route.attempt, policy, resume: true };
      try {
        await client.workflow.start(routeWorkflowName, {
          workflowId: routeWorkflowId(route.documentId, route.attempt),
          taskQueue: queues.flow,
          args: [input],
          workflowIdConflictPolicy: 'FAIL',
          workflowIdReusePolicy: 'ALLOW_DUPLICATE', // the record is the truth: a run lost in a restore starts again
        });
        return true;
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
        throw error;
      }
    },
  };
}

export type RouteSender = ReturnType<typeof routeSender>;

async function outcomeOf<T>(client: Client, work: () => Promise<T>): Promise<Outcome<T>> {
  const watch = new AbortController();
  try {
    return await Promise.race([attempt(client, work), becomesDown(client, watch.signal)]);
  } finally {
    watch.abort();
  }
}

async function attempt<T>(client: Client, work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { kind: 'done', value: await client.withDeadline(Date.now() + deadlineMs, work) };
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError && error.cause instanceof ApplicationFailure) {
      if (error.cause.type === 'Refused') {
        const code = error.cause.message;
        return { kind: 'refused', code: isRefusalCode(code) ? code : 'route.conflict' }; // a run of another release may know other words
      }
      if (error.cause.type === 'AcceptedUpdateCompletedWorkflow') return { kind: 'closed' };
    }
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return { kind: 'unknown' };
    if (error instanceof WorkflowNotFoundError || error instanceof WorkflowExecutionAlreadyStartedError) return { kind: 'closed' };
    const status = grpcStatus(error) ?? grpcStatus((error as Error).cause);
    if (status === 1 || status === 4) return { kind: 'unknown' }; // cancelled, deadline exceeded
    if (status === 14) return { kind: 'down' };
    throw error;
  }
}

/** Patience before somebody looks whether Temporal is there at all, and for that look. Milliseconds. */
const suspicionMs = 1_000;
const probeMs = 1_500;

/** Settles as `down` when the command is slow and Temporal does not answer a question either: the SDK itself would retry to the deadline. */
async function becomesDown(client: Client, signal: AbortSignal): Promise<{ kind: 'down' }> {
  const forever = new Promise<never>(() => undefined);
  await new Promise((resolve) => {
    const timer = setTimeout(resolve, suspicionMs);
    signal.addEventListener('abort', () => clearTimeout(timer));
  });
  const isThere = await client
    .withDeadline(Date.now() + probeMs, () => client.workflowService.getSystemInfo({}))
    .then(
      () => true,
      () => false,
    );
  return isThere ? forever : { kind: 'down' };
}

const grpcStatus = (error: unknown): number | undefined => (isGrpcServiceError(error) ? Number(error.code) : undefined);
