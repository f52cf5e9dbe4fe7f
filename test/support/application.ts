import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../../activities';
import type { OrganisationRole } from '../../domain/people/roles';
import { connectionOptions, workerConverter } from '../../integrations/temporal/client';
import { phoneSender } from '../../integrations/temporal/phone';
import { listUrls } from '../../scripts/simulators/nuc/keys';
import type { Nuc } from '../../scripts/simulators/nuc/server';
import { createApp } from '../../server/app';
import { createListener, phoneLimits, webLimits } from '../../server/kit/listener';
import { createPhoneApp } from '../../server/phone/device-web';
import { hashPassword } from '../../services/accounts/passwords';
import { type Config, readConfig } from '../../services/config';
import type { Deps } from '../../services/deps';
import { activityDeps, webDeps } from '../../services/open-deps';
import { root } from '../../services/root';
import { createPerson, ensureOrganisation, insertMembership } from '../../storage/queries/people';
import { select } from '../../storage/sql';
import { queues } from '../../workflows/contracts/queues';
import { TestAuthority } from './authority';
import { type Answer, Browser } from './browser';
import { freshDatabase, type TestDatabase } from './database';
import { freshBucket } from './objects';
import { serverEnv } from './servers';
import { freshNamespace } from './temporal';
import { until } from './until';

export const password = 'Correct-horse-1';
export type TestPerson = { id: string; login: string; name: string; iin: string; email: string; role: OrganisationRole };
export type TestOrganisation = {
  id: string;
  bin: string;
  name: string;
  people: Record<'owner' | 'admin' | 'lawyer' | 'head' | 'deputy' | 'clerk' | 'user', TestPerson>;
};

/** Kense running inside the test process against the run's real servers, with two organisations and an authority of its own. */
export class TestApplication {
  private constructor(
    readonly url: string,
    readonly deps: Deps,
    readonly config: Config,
    readonly authority: TestAuthority,
    readonly nuc: Nuc,
    readonly database: TestDatabase,
    readonly ours: TestOrganisation,
    readonly theirs: TestOrganisation,
    private readonly stops: (() => Promise<unknown>)[],
  ) {}

  /** Starts it; `deps` replaces parts of what the pages use of the world, before they are built on it. */
  static async start(
    options: { worker?: boolean; phone?: boolean; env?: Record<string, string>; deps?: (real: Deps) => Partial<Deps> } = {},
  ): Promise<TestApplication> {
    const stops: (() => Promise<unknown>)[] = [];
    const [database, bucket, namespace] = await Promise.all([freshDatabase(), freshBucket(), freshNamespace()]);
    const authority = new TestAuthority();
    const nuc = await authority.serve();
    const folder = mkdtempSync(path.join(tmpdir(), 'kense-test-'));
    const trust = path.join(folder, 'ca.pem');
    writeFileSync(trust, authority.pem);
    const server = createListener(webLimits);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const phoneServer = createListener(phoneLimits);
    await new Promise<void>((resolve) => phoneServer.listen(0, '127.0.0.1', resolve));
    const phoneUrl = `http://127.0.0.1:${(phoneServer.address() as AddressInfo).port}/egov`;
    const config = readConfig({
      ...serverEnv(),
      KENSE_TEST: '1',
      KENSE_PUBLIC_URL: url,
      KENSE_LISTEN: '127.0.0.1:1',
      KENSE_DATABASE_URL: database.url,
      KENSE_S3_BUCKET: bucket,
      KENSE_TEMPORAL_NAMESPACE: namespace,
      KENSE_TRUST_FILES: trust,
      KENSE_PROOF_DELAY_SECONDS: '0',
      KENSE_OCSP_URLS: `${nuc.url}/ocsp`,
      KENSE_TSP_URL: `${nuc.url}/tsp`,
      KENSE_CRL_URLS: listUrls(nuc.url)
        .filter((list) => list.includes('/nca_'))
        .join(','), // the root issues here itself
      ...(options.phone === false ? {} : { KENSE_PHONE_URL: phoneUrl, KENSE_PHONE_LISTEN: '127.0.0.1:1' }),
      KENSE_LOG_LEVEL: 'silent',
      KENSE_SIGN_IN_ATTEMPTS: '50',
      ...options.env,
    });
    const deps = webDeps(config);
    Object.assign(deps, options.deps?.(deps));
    server.on('request', createApp(deps));
    if (config.phone) phoneServer.on('request', createPhoneApp(deps, phoneSender(deps.temporal.client)));
    stops.push(
      () => closeServer(server),
      () => closeServer(phoneServer),
      () => Promise.resolve(rmSync(folder, { recursive: true, force: true })),
    );
    const ours = await seed(deps, '150340010215', 'ТОО «Алатау»', 'ours');
    const theirs = await seed(deps, '160440010216', 'ТОО «Qazyna»', 'theirs');
    if (options.worker !== false) stops.unshift(await startWorkers(config));
    stops.push(async () => {
      await nuc.stop();
      await Promise.all([deps.checker.close(), deps.visitors.close()]);
      deps.mailer.close();
      await deps.temporal.connection.close();
      await deps.db.destroy();
      await database.drop();
    });
    return new TestApplication(url, deps, config, authority, nuc, database, ours, theirs, stops);
  }

  async stop(): Promise<void> {
    for (const stop of this.stops) await stop();
  }

  /** A browser of a visitor. */
  visitor(): Browser {
    return new Browser(this.url);
  }

  /** A browser in which this person has signed in. */
  async signedIn(person: TestPerson): Promise<Browser> {
    const browser = this.visitor();
    await browser.get('/sign-in');
    const answer = await browser.post('/sign-in', { login: person.login, password });
    if (answer.status !== 303) throw new Error(`${person.login} could not sign in: ${answer.status}`);
    await browser.get('/settings/sessions');
    return browser;
  }

  /** Uploads a PDF and returns the id of its draft. */
  async draft(browser: Browser, bytes: Uint8Array = aPdf(), name = 'Договор.pdf'): Promise<string> {
    const answer = await browser.upload('/uploads', { command: this.deps.newId() }, [{ name, bytes }]);
    const id = /\/documents\/([0-9A-Z]{26})\/edit/.exec(answer.location)?.[1];
    if (!id) throw new Error(`no draft: ${answer.status} ${answer.text.slice(0, 300)}`);
    return id;
  }

  /** Sends a draft along these stages; people are members or outside persons. */
  async send(
    browser: Browser,
    id: string,
    stages: { kind: 'approve' | 'sign'; rule?: 'all' | 'any'; due?: string; people: (TestPerson | Outside)[] }[],
    rest: Record<string, string> = {},
  ): Promise<Answer> {
    const page = await browser.get(`/documents/${id}/edit`);
    const base = page.fields(`/documents/${id}/edit`);
    const fields: Record<string, string> = {};
    for (const [key, value] of Object.entries(base)) if (!key.startsWith('stage.')) fields[key] = value;
    stages.forEach((stage, i) => {
      Object.assign(fields, {
        [`stage.${i}.kind`]: stage.kind,
        [`stage.${i}.rule`]: stage.rule ?? 'all',
        [`stage.${i}.due`]: stage.due ?? '',
      });
      stage.people.forEach(
        (p, k) =>
          (fields[`stage.${i}.person.${k}`] =
            'login' in p ? `user:${p.id}` : `outside:${Buffer.from(JSON.stringify(p)).toString('base64url')}`),
      );
    });
    return browser.post(`/documents/${id}/edit`, { ...fields, ...rest, do: 'send' });
  }

  /** Signs with a key through the pages: opens the dialog, posts the CMS. */
  async sign(browser: Browser, base: string, cms: (document: Uint8Array) => string, command?: string): Promise<Answer> {
    const page = await browser.get(`${base}/sign`);
    const postUrl = /data-post-url="([^"]+)"/.exec(page.text)?.[1];
    const pageCommand = /data-command="([^"]+)"/.exec(page.text)?.[1];
    if (!postUrl || !pageCommand) return page;
    const file = await browser.get(`${base}/original`);
    return browser.post(postUrl, { command: command ?? pageCommand, cms: cms(file.bytes) }, { htmx: true });
  }

  async auditActions(documentId: string): Promise<string[]> {
    const rows = await select<{ action: string }>(this.deps.db, 'SELECT action FROM audit WHERE entity_id = :documentId ORDER BY seq', {
      documentId,
    });
    return rows.map((r) => r.action);
  }

  async stateOf(documentId: string): Promise<string> {
    const [row] = await select<{ state: string }>(this.deps.db, 'SELECT state FROM documents WHERE id = :documentId', { documentId });
    return row?.state ?? 'missing';
  }

  /** Waits until the document is in this state. */
  async untilState(documentId: string, state: string, timeoutMs?: number): Promise<void> {
    await until(`document ${documentId} in state ${state}`, async () => (await this.stateOf(documentId)) === state, timeoutMs);
  }
}

export type Outside = { name: string; email: string; iin: string };

let runtimeInstalled = false;

/** Workers of all queues in this process; returns how to stop them. */
export async function startWorkers(config: Config): Promise<() => Promise<void>> {
  if (!runtimeInstalled)
    Runtime.install({ shutdownSignals: [], telemetryOptions: { logging: { forward: {}, filter: 'OFF' } }, logger: silentLogger });
  runtimeInstalled = true;
  const deps = activityDeps(config, 20);
  const connection = await NativeConnection.connect(connectionOptions(config.temporal));
  const activities = createActivities(deps);
  const shared = { connection, namespace: config.temporal.namespace, dataConverter: workerConverter(config.secrets), activities };
  const workers = await Promise.all([
    Worker.create({ ...shared, taskQueue: queues.flow, workflowBundle: { codePath: path.join(root, 'dist', 'workflow-bundle.js') } }),
    Worker.create({ ...shared, taskQueue: queues.io }),
    Worker.create({ ...shared, taskQueue: queues.heavy }),
  ]);
  const running = Promise.all(workers.map((w) => w.run()));
  return async () => {
    for (const w of workers) w.shutdown();
    await running;
    await connection.close();
    await deps.close();
  };
}

const noLog = (): void => undefined;
const silentLogger = { log: noLog, trace: noLog, debug: noLog, info: noLog, warn: noLog, error: noLog };

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

const mailDomain = randomBytes(4).toString('hex');
let hash: Promise<string> | null = null;

async function seed(deps: Deps, bin: string, name: string, prefix: string): Promise<TestOrganisation> {
  const passwordHash = await (hash ??= hashPassword(password));
  const roles: Record<keyof TestOrganisation['people'], OrganisationRole> = {
    owner: 'owner',
    admin: 'admin',
    lawyer: 'employee',
    head: 'employee',
    deputy: 'employee',
    clerk: 'employee',
    user: 'user',
  };
  return deps.inTx(async (tx) => {
    const id = await ensureOrganisation(tx, { bin, name }, new Date());
    const people = {} as TestOrganisation['people'];
    for (const [index, key] of (Object.keys(roles) as (keyof typeof roles)[]).entries()) {
      const person = {
        login: `${prefix}.${key}`,
        name: `${key[0]?.toUpperCase()}${key.slice(1)} ${prefix}`,
        iin: `${bin.slice(0, 3)}00000000${index}`,
        email: `${key}@${prefix}-${mailDomain}.kz`, // the run's mail sink is shared by all files
        role: roles[key],
      };
      const made = await createPerson(tx, person, { login: person.login, source: 'local', passwordHash, organisationId: id }, new Date());
      if (made === 'taken') throw new Error('login taken');
      await insertMembership(
        tx,
        { organisationId: id, personId: made.personId, role: person.role, roleSource: 'hand', position: '' },
        new Date(),
      );
      people[key] = { ...person, id: made.personId };
    }
    return { id, bin, name, people };
  });
}

/** A small PDF of one page, different for each text. */
export function aPdf(text = 'Hello'): Uint8Array {
  const stream = `BT /F1 24 Tf 72 720 Td (${text}) Tj ET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let body = '%PDF-1.4\n';
  const offsets = objects.map((object, i) => {
    const at = body.length;
    body += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return at;
  });
  const xref = body.length;
  body += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.map((o) => `${String(o).padStart(10, '0')} 00000 n \n`).join('')}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${xref}\n%%EOF\n`;
  return Buffer.from(body, 'latin1');
}
