import path from 'node:path';
import { Connection } from '@temporalio/client';
import type { Server, ServerContext } from '../server';

export const temporalNamespace = 'kense';
const retentionSeconds = 30 * 24 * 3600;

const databaseFile = ({ home }: ServerContext) => path.join(home.data, 'temporal.sqlite');

/** host:port of Temporal's gRPC service. */
export function temporalAddress({ ports }: ServerContext): string {
  return `127.0.0.1:${ports['temporal']}`;
}

async function withService<T>(context: ServerContext, use: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: temporalAddress(context), connectTimeout: '2s' });
  try {
    return await connection.withDeadline(Date.now() + 5_000, () => use(connection));
  } finally {
    await connection.close();
  }
}

export const temporal: Server = {
  name: 'temporal',
  title: 'Temporal',
  waitingFor: 'its namespace to be served',
  programs: ['temporal'],
  portNames: ['temporal'],
  stopGraceMs: 10_000,

  launch(context) {
    const file = databaseFile(context);
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_'));
    return {
      program: context.programs.get('temporal')!,
      args: [
        ...['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(context.ports['temporal'])],
        ...['--db-filename', file, '--namespace', temporalNamespace, '--log-level', 'error'],
        ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', `synchronous=${context.throwAway ? 'OFF' : 'NORMAL'}`],
      ],
      // A soft limit for Go's heap: the server is idle most of the time and need not hold what a burst took.
      env: { ...Object.fromEntries(own), GOMEMLIMIT: '220MiB' },
      marker: `--db-filename ${file} `,
    };
  },

  check: (context) =>
    withService(context, async ({ workflowService }) => {
      await workflowService.describeNamespace({ namespace: temporalNamespace });
      // Answered only when the history and matching services have joined too.
      await workflowService.listWorkflowExecutions({ namespace: temporalNamespace, pageSize: 1 });
    }),

  async furnish(context) {
    await withService(context, ({ workflowService }) =>
      workflowService.updateNamespace({
        namespace: temporalNamespace,
        config: { workflowExecutionRetentionTtl: { seconds: retentionSeconds as never } },
      }),
    );
  },
};
