import fs from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { openTemporal } from '../integrations/temporal/client';
import { routeSender, type RouteSender } from '../integrations/temporal/send';
import { PlainFailure } from '../scripts/launcher/failure';
import { readJson } from '../scripts/launcher/home';
import { table } from '../scripts/launcher/table';
import { openKeyring, type DemoKey, type Keyring, type KeyringFile } from '../scripts/simulators/keyring';
import { signDocument } from '../scripts/simulators/ncalayer/sign';
import { secretKeysOf } from '../domain/secret-keys';
import { newId } from '../storage/ids';
import { change, selectOne } from '../storage/sql';
import { makeSignable } from './group';
import { hostileInputs, type HostileInput } from './hostile/inputs';
import { startInstallation, type BenchInstallation } from './installation';
import { inLanes, printResult, quantile, rounded, timed } from './measure';
import { childrenOfAll, memoryOf, withChildren } from './processes';
import { makePeople, password, type BenchPerson } from './routes-data';
import { WebClient } from './web-client';
import { type Db, openDatabase } from '../storage/db';

/** Signatures of one person at rest, and at least so many while the inputs are taken. */
const signings = { usual: 24, small: 8 };
/** A person reads before he signs again. Milliseconds. */
const paceMs = 150;
const healthEveryMs = 10;
const memoryEveryMs = 200;
/** How long an input may take to be answered; it is answered much earlier. Milliseconds. */
const patienceMs = 180_000;
const roles = ['web', 'worker', 'heavy'] as const;

type Bench = {
  installation: BenchInstallation;
  db: Db;
  send: RouteSender;
  keyring: Keyring;
  key: DemoKey;
  initiator: BenchPerson;
  signer: BenchPerson;
};
/** A document that waits for its signature, which is made already. */
type Ready = { id: string; cms: string };

/**
 * Brings twenty hostile inputs to the check page, to uploads and to signing in, all at once, each from an address of its own, while a
 * person signs and /healthz is asked. Linux only.
 */
export async function main(args: readonly string[]): Promise<void> {
  if (process.platform !== 'linux') throw new PlainFailure('This bench reads /proc, which only Linux has.');
  const isSmall = args.includes('--small');
  const count = isSmall ? signings.small : signings.usual;
  const installation = await startInstallation(
    ({ KENSE_TRUST_FILES = '' }) => ({ KENSE_TRUST_FILES, KENSE_DEMO: '1', KENSE_TRUST_PROXY: 'loopback', KENSE_LOG_LEVEL: 'error' }),
    roles,
  );
  const { settings } = installation;
  const db = openDatabase({ url: settings.KENSE_DATABASE_URL ?? '', poolMax: 4 });
  const temporal = openTemporal(
    { address: settings.KENSE_TEMPORAL_ADDRESS ?? '', namespace: settings.KENSE_TEMPORAL_NAMESPACE ?? '' },
    secretKeysOf(settings.KENSE_SECRET_KEY ?? ''),
  );
  try {
    const bench = await prepare(installation, db, routeSender(temporal.client));
    const inputs = await hostileInputs(isSmall);
    const derived = await prepareDerived(bench, inputs);
    const rest = await prepareSignings(bench, count);
    const meanwhile = await prepareSignings(bench, count * 6);

    const person = new WebClient(installation.url);
    await person.signIn(bench.signer.login, password);
    await signAll(person, rest.slice(0, 2)); // the first ones of the day
    const quiet = watchHealth(installation.url);
    const restMs = await signAll(person, rest.slice(2));
    const quietMs = await quiet();

    const memory = watchMemory(installation);
    const health = watchHealth(installation.url);
    const results: [string, number, number][] = [];
    let isOver = false;
    const attack = Promise.all(
      inputs.map(async (input, i) => {
        const ms: number[] = [];
        const status = await timed(ms, () => bring(bench, input, `203.0.113.${i + 1}`, derived.get(input)));
        results.push([input.name, status, ms[0] ?? NaN]);
      }),
    ).finally(() => (isOver = true));
    const busyMs: number[] = [];
    for (const ready of meanwhile) {
      if (isOver && busyMs.length >= count) break;
      busyMs.push(...(await signAll(person, [ready])));
    }
    await attack;
    const healthMs = await health();
    const peak = memory();
    report(results, { restMs, busyMs, quietMs, healthMs, peak });
  } finally {
    await temporal.connection.close();
    await db.destroy();
    await installation.stop();
  }
}

async function prepare(installation: BenchInstallation, db: Db, send: RouteSender): Promise<Bench> {
  const trust = installation.settings.KENSE_TRUST_FILES ?? '';
  const keyring = openKeyring(JSON.parse(fs.readFileSync(path.join(path.dirname(trust), 'keyring.json'), 'utf8')) as KeyringFile);
  const key = keyring.keys.find(({ use, algorithm }) => use === 'personal' && algorithm === 'gost2015');
  const [initiator, signer] = await makePeople(db, 2);
  if (!key || !initiator || !signer) throw new Error('the bench has no key or nobody to sign');
  await change(db, 'UPDATE people SET iin = :iin WHERE id = :id', { iin: key.certificate.person.iin ?? '', id: signer.personId });
  return { installation, db, send, keyring, key, initiator, signer };
}

async function openRoute({ send, initiator }: Bench, documentId: string, rev = 1): Promise<void> {
  const outcome = await send.open({ kind: 'open', commandId: newId(), documentId, attempt: 1, rev, by: initiator, at: Date.now() });
  if (outcome.kind !== 'done') throw new Error(`a document was not sent: ${JSON.stringify(outcome)}`);
}

const cmsOver = ({ key, keyring }: Bench, data: Uint8Array): string =>
  Buffer.from(
    signDocument({ key, timeStamping: keyring.timeStamping, data, digested: false, attached: false, timeStamp: true, now: new Date() }),
  ).toString('base64');

async function prepareSigning(bench: Bench): Promise<Ready> {
  const content = Buffer.from(`Document ${newId()} of the bench`);
  const id = await makeSignable(bench.db, bench.initiator, bench.signer, content);
  await openRoute(bench, id);
  return { id, cms: cmsOver(bench, content) };
}

async function prepareSignings(bench: Bench, count: number): Promise<Ready[]> {
  const made: Ready[] = [];
  const one = async (): Promise<void> => void made.push(await prepareSigning(bench));
  await inLanes(Array<() => Promise<void>>(count).fill(one), 4);
  return made;
}

/** The documents whose derived files will be asked for: uploaded, sent and signed as people do. */
async function prepareDerived(bench: Bench, inputs: readonly HostileInput[]): Promise<Map<HostileInput, string>> {
  const { initiator, signer, installation, db } = bench;
  const [author, person] = [new WebClient(installation.url), new WebClient(installation.url)];
  await author.signIn(initiator.login, password);
  await person.signIn(signer.login, password);
  const documents = new Map<HostileInput, string>();
  for (const input of inputs) {
    if (input.door !== 'derive') continue;
    const uploaded = await author.upload('/uploads', { command: newId() }, [{ field: 'file', name: 'file.pdf', bytes: input.bytes }]);
    const id = /\/documents\/([0-9A-Z]{26})\//.exec(uploaded.location)?.[1];
    if (!id) throw new Error(`${input.name} was not taken: ${uploaded.status}`);
    const people = [{ kind: 'member', personId: signer.personId }];
    const draft = JSON.stringify({ stages: [{ kind: 'sign', rule: 'all', due: null, people }], message: '', remindDays: null });
    await change(db, 'UPDATE documents SET route_draft = :draft WHERE id = :id', { draft, id });
    const row = await selectOne<{ rev: number }>(db, 'SELECT rev FROM documents WHERE id = :id', { id });
    await openRoute(bench, id, Number(row?.rev));
    await sign(person, { id, cms: cmsOver(bench, input.bytes) });
    documents.set(input, id);
  }
  return documents;
}

/** Opens the dialog and posts the signature; throws unless it was accepted. */
async function sign(person: WebClient, { id, cms }: Ready): Promise<void> {
  const dialog = await person.ask(`/documents/${id}/sign`, { method: 'GET', headers: { 'HX-Request': 'true' } });
  const postUrl = /data-post-url="([^"]+)"/.exec(dialog.text)?.[1];
  const command = /data-command="([^"]+)"/.exec(dialog.text)?.[1];
  if (!postUrl || !command) throw new Error(`no dialog: ${dialog.status}`);
  await person.command(postUrl, { command, cms });
}

/** Signs one document after another; how long each took, milliseconds. */
async function signAll(person: WebClient, documents: readonly Ready[]): Promise<number[]> {
  const ms: number[] = [];
  for (const ready of documents) {
    await timed(ms, () => sign(person, ready));
    await sleep(paceMs);
  }
  return ms;
}

/** Brings one input to its door and waits for the last answer; its status. */
async function bring(bench: Bench, input: HostileInput, address: string, documentId: string | undefined): Promise<number> {
  const { url } = bench.installation;
  const client = new WebClient(url, { 'X-Forwarded-For': address });
  switch (input.door) {
    case 'check': {
      await client.ask('/check', { method: 'GET' });
      const sent = await client.upload('/check', {}, [{ field: input.field, name: 'hostile.bin', bytes: input.bytes }]);
      return sent.status === 303 ? untilChecked(client, sent.location) : sent.status;
    }
    case 'sign-in': {
      const page = await client.ask('/sign-in/eds', { method: 'GET' });
      const field = (name: string): string => new RegExp(`name="${name}" value="([^"]*)"`).exec(page.text)?.[1] ?? '';
      const body = new URLSearchParams({
        _csrf: field('_csrf'),
        challenge: field('challenge'),
        cms: Buffer.from(input.cms).toString('base64'),
      });
      return (await client.ask('/sign-in/eds', { method: 'POST', body })).status;
    }
    case 'derive': {
      await client.signIn(bench.signer.login, password);
      return (await client.ask(`/documents/${documentId}/download/${input.wanted}`, { method: 'GET' })).status;
    }
    case 'upload': {
      await client.signIn(bench.initiator.login, password);
      return (await client.upload('/uploads', { command: newId() }, [{ field: 'file', name: 'file.pdf', bytes: input.bytes }])).status;
    }
    case 'stop':
      return stopHalfWay(url, input.connections);
  }
}

async function untilChecked(client: WebClient, where: string): Promise<number> {
  for (const deadline = Date.now() + patienceMs; ;) {
    const { status, headers } = await client.ask(where, { method: 'GET' });
    const seconds = headers.get('refresh'); // the page of whoever waits looks again by itself
    if (seconds === null || Date.now() > deadline) return status;
    await sleep(Number(seconds) * 1_000);
  }
}

/** Opens connections that send the beginning of a form; waits until this side was cut off everywhere. Gives the status of the last word. */
async function stopHalfWay(url: string, connections: number): Promise<number> {
  const { hostname, port } = new URL(url);
  const head = `POST /uploads HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n--b\r\n`;
  const words = await Promise.all(
    Array.from({ length: connections }, () => {
      const socket: Socket = connect(Number(port), hostname);
      socket.write(head);
      return new Promise<string>((resolve) => {
        let text = '';
        socket.on('data', (data) => (text += data.toString('latin1')));
        socket.once('error', () => resolve(text)).once('close', () => resolve(text));
      });
    }),
  );
  return Number(/^HTTP\/1\.1 (\d+)/.exec(words.at(-1) ?? '')?.[1] ?? 0);
}

/** Adds up the memory of Kense's own processes and of what they start; the function gives the most there was. MiB. */
function watchMemory({ home }: BenchInstallation): () => { all: number; parts: Record<string, number> } {
  const pids = roles.map((role) => [role, readJson<{ pid: number }>(path.join(home.run, `${role}.json`))?.pid ?? 0] as const);
  let most = { all: 0, parts: {} as Record<string, number> };
  const look = (): void => {
    const tree = childrenOfAll();
    const parts = pids.map(([role, pid]) => [role, withChildren(pid, tree).reduce((sum, each) => sum + pssOf(each), 0)] as const);
    const all = parts.reduce((sum, [, mib]) => sum + mib, 0);
    if (all > most.all) most = { all, parts: Object.fromEntries(parts) };
  };
  const timer = setInterval(look, memoryEveryMs);
  return () => {
    clearInterval(timer);
    return most;
  };
}

function pssOf(pid: number): number {
  try {
    const { pss, rss } = memoryOf(pid);
    return pss ?? rss;
  } catch {
    return 0; // it ended a moment ago
  }
}

/** Asks for /healthz all the time; the function ends it and gives the times. */
function watchHealth(url: string): () => Promise<number[]> {
  const worker = new Worker(path.join(__dirname, 'hostile/health.js'), { workerData: { url, everyMs: healthEveryMs } });
  return () =>
    new Promise((resolve, reject) => {
      worker.once('message', resolve).once('error', reject);
      worker.postMessage('stop');
    });
}

type Measured = {
  restMs: number[];
  busyMs: number[];
  quietMs: number[];
  healthMs: number[];
  peak: { all: number; parts: Record<string, number> };
};

function report(results: readonly [string, number, number][], { restMs, busyMs, quietMs, healthMs, peak }: Measured): void {
  const rows = results.map(([name, status, ms]) => [name, String(status), (ms / 1000).toFixed(1)]);
  console.log(`\n${table(['input', 'status', 's'], rows)}`);
  const [rest, busy] = [quantile(restMs, 0.5), quantile(busyMs, 0.5)];
  const [quietP99, p99] = [quantile(quietMs, 0.99), quantile(healthMs, 0.99)];
  const parts = Object.entries(peak.parts).map(([role, mib]) => `${role} ${mib.toFixed(0)}`);
  console.log(
    `\n${table(
      ['', 'rest', 'meanwhile', 'aim'],
      [
        ['/healthz p99, ms', quietP99.toFixed(1), p99.toFixed(1), '50'],
        ['memory of all processes, MiB', '', `${peak.all.toFixed(0)} (${parts.join(', ')})`, '1024'],
        [`a person signs, p50 of ${restMs.length} and ${busyMs.length}, ms`, rest.toFixed(0), busy.toFixed(0), '2 ×'],
        ['the same, p95', quantile(restMs, 0.95).toFixed(0), quantile(busyMs, 0.95).toFixed(0), ''],
      ],
    )}\n`,
  );
  printResult(
    'hostile',
    { signing_vs_rest: rounded(busy / rest) },
    {
      healthz_p99_ms: rounded(p99, 1),
      healthz_rest_p99_ms: rounded(quietP99, 1),
      memory_peak_mib: rounded(peak.all, 0),
      signing_delay_ms: rounded(Math.max(0, busy - rest), 0),
      signing_rest_ms: rounded(rest, 0),
      signing_meanwhile_ms: rounded(busy, 0),
    },
  );
}
