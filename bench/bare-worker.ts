import path from 'node:path';
import { bundleWorkflowCode, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { flowWorkerOptions } from '../activities/worker';
import { connectionOptions, workerConverter } from '../integrations/temporal/client';
import { readConfig } from '../services/config';

/** Task queue of the bare workflow. */
export const bareQueue = 'bare';

/** A worker process like Kense's own (same options, same encryption), which runs the bare workflow and nothing else. */
async function main(): Promise<void> {
  const silent = () => undefined;
  const logger = { log: silent, trace: silent, debug: silent, info: silent, warn: silent, error: silent };
  Runtime.install({ logger, telemetryOptions: { logging: { forward: {}, filter: 'OFF' } } });
  const config = readConfig(process.env);
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: require.resolve('./bare-workflow'),
    failureConverterPath: path.join(__dirname, '../integrations/temporal/failure-converter.js'),
    logger,
  });
  const connection = await NativeConnection.connect(connectionOptions(config.temporal));
  const worker = await Worker.create({
    ...flowWorkerOptions,
    connection,
    namespace: config.temporal.namespace,
    dataConverter: workerConverter(config.secrets),
    taskQueue: bareQueue,
    workflowBundle,
    activities: { trivial: (text: string) => Promise.resolve(text.length) },
  });
  await worker.run();
  await connection.close();
}

if (require.main === module)
  main().then(
    () => process.exit(0),
    (error: Error) => {
      process.stderr.write(`${error.stack}\n`);
      process.exit(1);
    },
  );
