import fs from 'node:fs';
import path from 'node:path';
import { secretKeysOf } from '../domain/secret-keys';
import { moduleSetting } from '../domain/settings/modules';
import { openTemporal } from '../integrations/temporal/client';
import { routeSender } from '../integrations/temporal/send';
import { type KeyringFile, openKeyring } from '../scripts/simulators/keyring';
import { signDocument } from '../scripts/simulators/ncalayer/sign';
import type { OutcomesJson } from '../server/groups/pages';
import type { ChunkJson } from '../services/groups/chunk';
import { DigestSet } from '../signature';
import { newId } from '../storage/ids';
import { saveSetting } from '../storage/queries/settings';
import { change, selectOne } from '../storage/sql';
import { startInstallation } from './installation';
import { inLanes, rounded } from './measure';
import { makeDraft, makePeople, password } from './routes-data';
import type { Measure } from './signatures/measure';
import { WebClient } from './web-client';
import { openDatabase, transactions } from '../storage/db';

/** Signatures of one call of NCALayer, as a person makes them: GOST, with a time-stamp. */
const documents = 100;

/** How often the record is asked how many signatures it holds. Milliseconds. */
const lookMs = 25;

/**
 * From the first byte of a hundred signatures posted over HTTP. `group_100_seconds`: until each is verified and stored, so that nobody has
 * to sign again whatever dies. `group_100_acted_seconds`: until the answer says that each has acted on its route too. Web and worker run
 * as processes of their own; making the signatures is not timed.
 */
export const measureGroup: Measure = async () => {
  const installation = await startInstallation(({ KENSE_TRUST_FILES = '' }) => ({ KENSE_TRUST_FILES, KENSE_DEMO: '1' }));
  const { settings, url } = installation;
  const db = openDatabase({ url: settings.KENSE_DATABASE_URL ?? '', poolMax: 8, keys: secretKeysOf(settings.KENSE_SECRET_KEY ?? '') });
  const temporal = openTemporal(
    { address: settings.KENSE_TEMPORAL_ADDRESS ?? '', namespace: settings.KENSE_TEMPORAL_NAMESPACE ?? '' },
    secretKeysOf(settings.KENSE_SECRET_KEY ?? ''),
  );
  try {
    const keyring = openKeyring(
      JSON.parse(fs.readFileSync(path.join(path.dirname(settings.KENSE_TRUST_FILES ?? ''), 'keyring.json'), 'utf8')) as KeyringFile,
    );
    const key = keyring.keys.find(({ use, algorithm }) => use === 'personal' && algorithm === 'gost2015');
    const [initiator, signer] = await makePeople(db, 2);
    if (!key || !initiator || !signer) throw new Error('the bench has no key or nobody to sign');
    await change(db, 'UPDATE people SET iin = :iin WHERE id = :id', { iin: key.certificate.person.iin ?? '', id: signer.personId });
    await transactions(db)((tx) =>
      saveSetting(
        tx,
        signer.organisationId,
        moduleSetting('group_signing'),
        { isOn: true, by: 'bench', at: new Date().toISOString() },
        new Date(),
      ),
    );

    const send = routeSender(temporal.client);
    const contents = Array.from({ length: documents }, (_, i) => Buffer.from(`Document ${i} of the bench`));
    const drafts = await Promise.all(contents.map((content) => makeSignable(db, initiator, signer, content)));
    const open = (documentId: string) => async (): Promise<void> => {
      const command = { kind: 'open', commandId: newId(), documentId, attempt: 1, rev: 1, by: initiator, at: Date.now() } as const;
      const outcome = await send.open(command);
      if (outcome.kind !== 'done') throw new Error(`a document was not sent: ${JSON.stringify(outcome)}`);
    };
    await inLanes(drafts.map(open), 8);

    const browser = new WebClient(url);
    await browser.signIn(signer.login, password);
    const group = newId();
    await browser.go('/groups', [['command', group], ['do', 'answer'], ...drafts.map((id) => ['id', id] as const)]);
    await browser.go(`/groups/${group}/start`, [['command', newId()]]);
    const chunk = await browser.json<ChunkJson>(`/groups/${group}/next`, {});
    const signatures = contents.map((data) =>
      Buffer.from(
        signDocument({ key, timeStamping: keyring.timeStamping, data, digested: false, attached: false, timeStamp: true, now: new Date() }),
      ).toString('base64'),
    );
    const began = process.hrtime.bigint();
    const seconds = (): number => Number(process.hrtime.bigint() - began) / 1e9;
    const posted = browser.json<OutcomesJson>(`/groups/${group}/signatures`, { items: chunk.items.map(({ id }) => id), signatures });
    const keptSeconds = untilKept(db).then(seconds);
    const answer = await posted;
    const actedSeconds = seconds();
    const stored = await selectOne<{ n: number }>(db, "SELECT COUNT(*) AS n FROM signatures WHERE state = 'accepted'");
    const signed = await selectOne<{ n: number }>(db, "SELECT COUNT(*) AS n FROM routes WHERE state = 'signed'");
    if (answer.counts.done !== documents || Number(stored?.n) !== documents || Number(signed?.n) !== documents)
      throw new Error(
        `not every signature was stored: ${JSON.stringify(answer.counts)} ${answer.outcomes.find((o) => o.state !== 'done')?.text}`,
      );
    return {
      rows: [
        [`group of ${documents}: received, verified, stored`, `${(await keptSeconds).toFixed(2)} s`, '', ''],
        ['the same, and each has acted on its route', `${actedSeconds.toFixed(2)} s`, '', ''],
      ],
      ratios: {},
      values: { group_100_seconds: rounded(await keptSeconds), group_100_acted_seconds: rounded(actedSeconds) },
    };
  } finally {
    await temporal.connection.close();
    await db.destroy();
    await installation.stop();
  }
};

async function untilKept(db: ReturnType<typeof openDatabase>): Promise<void> {
  for (;;) {
    const kept = await selectOne<{ n: number }>(db, 'SELECT COUNT(*) AS n FROM signatures');
    if (Number(kept?.n) >= documents) return;
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

/** A draft of one stage that this person must sign, with the digests of these bytes; nobody reads the bytes themselves here. */
export async function makeSignable(
  db: ReturnType<typeof openDatabase>,
  initiator: Parameters<typeof makeDraft>[1],
  signer: Parameters<typeof makeDraft>[1],
  content: Uint8Array,
): Promise<string> {
  const id = await makeDraft(db, initiator, [signer]);
  const digests = new DigestSet(['sha256', 'streebog512']);
  digests.update(content);
  const { sha256, streebog512 } = digests.digests();
  await change(db, 'UPDATE documents SET route_draft = REPLACE(route_draft, \'"approve"\', \'"sign"\') WHERE id = :id', { id });
  await change(db, 'UPDATE files SET sha256 = :sha256, streebog512 = :streebog512 WHERE document_id = :id', {
    sha256: Buffer.from(sha256 ?? []),
    streebog512: Buffer.from(streebog512 ?? []),
    id,
  });
  return id;
}
