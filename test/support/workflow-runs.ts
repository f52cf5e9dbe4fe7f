import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { clientConverter, workerConverter } from '../../integrations/temporal/client';
import { root } from '../../services/root';
import { historySecret } from './histories';
import { serverEnv } from './servers';
import { freshNamespace } from './temporal';

/** The real Temporal with a namespace of the file's own; workflows run as built, their activities are the test's. */
export class WorkflowRuns {
  private constructor(
    readonly client: Client,
    private readonly connection: NativeConnection,
    private readonly clientConnection: Connection,
    private readonly namespace: string,
  ) {}

  static async open(): Promise<WorkflowRuns> {
    Runtime.install({
      shutdownSignals: [],
      logger: new DefaultLogger('ERROR'),
      telemetryOptions: { logging: { forward: {}, filter: 'OFF' } },
    });
    const namespace = await freshNamespace();
    const address = serverEnv().KENSE_TEMPORAL_ADDRESS ?? '';
    const connection = await NativeConnection.connect({ address });
    const clientConnection = await Connection.connect({ address });
    const client = new Client({ connection: clientConnection, namespace, dataConverter: clientConverter(historySecret) });
    return new WorkflowRuns(client, connection, clientConnection, namespace);
  }

  async close(): Promise<void> {
    await this.clientConnection.close();
    await this.connection.close();
  }

  /** Runs `work` while workers of the workflows and of one more queue play these activities. */
  async withWorkers<T>(queue: 'io' | 'heavy', activities: object, work: () => Promise<T>): Promise<T> {
    const shared = { connection: this.connection, namespace: this.namespace, dataConverter: workerConverter(historySecret), activities };
    const workers = await Promise.all([
      Worker.create({ ...shared, taskQueue: 'flow', workflowBundle: { codePath: path.join(root, 'dist', 'workflow-bundle.js') } }),
      Worker.create({ ...shared, taskQueue: queue }),
    ]);
    const running = Promise.all(workers.map((worker) => worker.run()));
    try {
      return await work();
    } finally {
      for (const worker of workers) worker.shutdown();
      await running;
    }
  }
}

/**
 * An activity that answers with these states in order, the last one for ever; `fails` is a database that is away. `looks` counts how often
 * it was asked.
 */
export function playedLooks<State extends string>(
  states: readonly (State | 'fails')[],
): { look: () => Promise<{ state: State }>; looks: () => number } {
  let looks = 0;
  return {
    looks: () => looks,
    look: () => {
      const state = states[Math.min(looks++, states.length - 1)];
      return !state || state === 'fails' ? Promise.reject(new Error('the database is away')) : Promise.resolve({ state });
    },
  };
}
