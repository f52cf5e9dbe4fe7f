import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { root } from '../../services/root';
import type { TestApplication } from './application';
import { serverEnv } from './servers';

/** The worker of an application under test as a process of its own: one that can be killed like any other. */
export class WorkerProcess {
  private constructor(private readonly child: ChildProcess) {}

  static start({ config }: TestApplication): WorkerProcess {
    const env = {
      ...process.env,
      ...serverEnv(),
      KENSE_TEST: '1',
      ...(config.demo && { KENSE_DEMO: '1' }),
      KENSE_PUBLIC_URL: config.publicUrl,
      KENSE_LISTEN: '127.0.0.1:1',
      KENSE_DATABASE_URL: config.databaseUrl,
      KENSE_S3_BUCKET: config.objects.bucket,
      KENSE_TEMPORAL_NAMESPACE: config.temporal.namespace,
      KENSE_TRUST_FILES: config.trustFiles.join(','),
      KENSE_OCSP_URLS: config.pki.ocspUrls.join(','),
      KENSE_TSP_URL: config.pki.tspUrl ?? '',
      KENSE_CRL_URLS: config.pki.crlUrls.join(','),
      KENSE_LOG_LEVEL: 'silent',
    };
    // What steers the tests themselves is no setting of the application, which would refuse to start.
    for (const name of Object.keys(env))
      if (name.startsWith('KENSE_TEST_') || ['KENSE_RECORD_HISTORIES', 'KENSE_FIXTURES'].includes(name)) delete env[name as never];
    return new WorkerProcess(
      spawn(process.execPath, [path.join(root, 'dist', 'cli', 'main.js'), 'worker'], { env, stdio: ['ignore', 'ignore', 'inherit'] }),
    );
  }

  /** Ends it without a warning. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
  }
}
