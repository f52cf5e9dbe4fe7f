import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Client, ScheduleAlreadyRunning, type ScheduleSpec } from '@temporalio/client';
import type { Duration } from '@temporalio/common';
import { makeTelemetryFilterString, NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { reasonOf } from '../domain/safe-error';
import { connectionOptions, openTemporal, workerConverter } from '../integrations/temporal/client';
import type { Config } from '../services/config';
import { takePlace, niceness } from '../services/isolation/priority';
import { openLog } from '../services/log';
import { activityDeps } from '../services/open-deps';
import { root } from '../services/root';
import { sweepScratch } from '../services/scratch';
import { queues } from '../workflows/contracts/queues';
import { createActivities } from '.';

/** The bundle of the workflows, made by the build; a worker never compiles at start. */
export const bundlePath = path.join(root, 'dist', 'workflow-bundle.js');

/** Slots of the worker that runs workflows and their local activities. */
export const flowWorkerOptions = {
  maxCachedWorkflows: 300,
  maxConcurrentLocalActivityExecutions: 20,
  maxConcurrentActivityTaskExecutions: 1,
} as const satisfies Partial<WorkerOptions>;

const retryConnectMs = 2_000;

/** Queues and slots of the two kinds of worker processes. */
const shapes = {
  worker: { poolMax: 25, queues: [queues.flow, queues.io] },
  heavy: { poolMax: 5, queues: [queues.heavy] },
} as const;

/**
 * Runs the workers of one kind until the process is told to stop: `worker` holds the workflows, their local activities and the outside
 * systems, `heavy` what takes memory. Waits for Temporal when it is not there yet.
 */
export async function runWorker(config: Config, kind: keyof typeof shapes): Promise<void> {
  const log = openLog(config, kind);
  if (kind === 'worker' && !existsSync(bundlePath)) throw new Error(`${bundlePath} is missing: run npm run build`);
  Runtime.install({
    logger: {
      log: (level, message, meta) =>
        log[level === 'WARN' ? 'warn' : level === 'ERROR' ? 'error' : level === 'INFO' ? 'info' : 'debug'](meta ?? {}, message),
      trace: (message, meta) => log.debug(meta ?? {}, message),
      debug: (message, meta) => log.debug(meta ?? {}, message),
      info: (message, meta) => log.info(meta ?? {}, message),
      warn: (message, meta) => log.warn(meta ?? {}, message),
      error: (message, meta) => log.error(meta ?? {}, message),
    },
    telemetryOptions: { logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) } },
  });
  if (kind === 'heavy') takePlace(niceness.heavy);
  await sweepScratch();
  const deps = activityDeps(config, shapes[kind].poolMax);
  const activities = createActivities(deps);
  const connection = await connect(config, log);
  const shared = {
    connection,
    namespace: config.temporal.namespace,
    dataConverter: workerConverter(config.secrets, config.temporal),
    activities,
    shutdownGraceTime: '25s',
    shutdownForceTime: '50s',
  } as const;
  const options: Record<string, Partial<WorkerOptions>> = {
    [queues.flow]: {
      ...flowWorkerOptions,
      workflowBundle: { codePath: bundlePath },
    },
    [queues.io]: { maxConcurrentActivityTaskExecutions: 5 },
    [queues.heavy]: { maxConcurrentActivityTaskExecutions: 2 },
  };
  const workers = await Promise.all(shapes[kind].queues.map((taskQueue) => Worker.create({ ...shared, ...options[taskQueue], taskQueue })));
  if (kind === 'worker') {
    await deps.objects.ensureBucket().catch((error: unknown) => log.warn({ reason: reasonOf(error) }, 'the object store is not ready yet'));
    const { client, connection: clientConnection } = openTemporal(config.temporal, config.secrets);
    await ensureSchedules(client).catch((error: Error) => log.error({ err: error }, 'schedules could not be made'));
    await clientConnection.close();
  }
  log.info({ queues: shapes[kind].queues }, `${kind} is running`);
  try {
    await Promise.all(workers.map((worker) => worker.run()));
  } finally {
    await connection.close();
    await deps.close();
  }
}

async function connect(config: Config, log: ReturnType<typeof openLog>): Promise<NativeConnection> {
  for (;;) {
    try {
      return await NativeConnection.connect(connectionOptions(config.temporal));
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'Temporal is not there yet');
      await new Promise((resolve) => setTimeout(resolve, retryConnectMs));
    }
  }
}

/** Makes the schedules that are missing; one already there is left as an administrator may have changed it. */
async function ensureSchedules(client: Client): Promise<void> {
  const schedules = [
    { scheduleId: 'upkeep', workflowType: 'upkeepWorkflow', spec: { intervals: [{ every: '15m' }] }, patience: '30m' },
    { scheduleId: 'directory-sync', workflowType: 'directorySyncWorkflow', spec: { intervals: [{ every: '1h' }] }, patience: '50m' },
    // 00:20 in Kazakhstan: the day before is complete.
    { scheduleId: 'audit-stamp', workflowType: 'auditStampWorkflow', spec: { calendars: [{ hour: 19, minute: 20 }] }, patience: '23h' },
  ] satisfies { scheduleId: string; workflowType: string; spec: ScheduleSpec; patience: Duration }[];
  for (const { scheduleId, workflowType, spec, patience } of schedules) {
    await client.schedule
      .create({
        scheduleId,
        spec,
        action: { type: 'startWorkflow', workflowType, taskQueue: queues.flow, workflowExecutionTimeout: patience },
        policies: { overlap: 'SKIP', catchupWindow: scheduleId === 'audit-stamp' ? '12h' : '1m' },
      })
      .catch((error: unknown) => {
        if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      });
  }
}
