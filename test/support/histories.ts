import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import type { SecretKeys } from '../../domain/secret-keys';
import { root } from '../../services/root';

/** Where histories of released code are kept for ever: `<workflow>/<version>-<case>.json`. */
export const historiesFolder = path.join(root, 'test', 'replay', 'histories');
/** Key of the payloads in stored histories and in the tests that make them. */
export const historySecret: SecretKeys = { newest: 1, byVersion: new Map([[1, Buffer.alloc(32, 7)]]) };

/** Keeps the history of a run when KENSE_RECORD_HISTORIES names the release it belongs to; done once a release, never to mend a failing replay. */
export async function recordHistory(client: Client, workflowId: string, workflow: string, name: string): Promise<void> {
  const release = process.env.KENSE_RECORD_HISTORIES;
  if (!release) return;
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  mkdirSync(path.join(historiesFolder, workflow), { recursive: true });
  writeFileSync(path.join(historiesFolder, workflow, `${release}-${name}.json`), historyToJSON(history));
}
