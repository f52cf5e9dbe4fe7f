import { readFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { createConnection } from 'mysql2/promise';
import { openMailer, type MailerOptions } from '../../integrations/mail/mailer';
import { openObjectStore } from '../../storage/objects';
import { selectOne } from '../../storage/sql';
import { freshBucket } from '../support/objects';
import { startPrivateDatabase, type PrivateDatabase } from '../support/private-database';
import { serverEnv } from '../support/servers';
import { makeTls, type TestTls } from '../support/tls';
import { type DatabaseTls, openDatabase } from '../../storage/db';

let files: TestTls;
beforeAll(() => void (files = makeTls()));
afterAll(() => files.remove());

describe('the database', () => {
  let server: PrivateDatabase;
  let clear: PrivateDatabase;
  const byName = (url: string): string => url.replace('@127.0.0.1:', '@localhost:');

  beforeAll(async () => {
    [server, clear] = await Promise.all([
      startPrivateDatabase([`--ssl-ca=${files.ca}`, `--ssl-cert=${files.server.cert}`, `--ssl-key=${files.server.key}`]),
      startPrivateDatabase(['--skip-ssl']),
    ]);
  });
  afterAll(() => Promise.all([server.stop(), clear.stop()]));

  /** The cipher a query travelled under. */
  async function cipher(url: string, how: Partial<DatabaseTls> | null): Promise<string> {
    const db = openDatabase({ url, poolMax: 1, tls: how && { caFile: files.ca, certFile: null, keyFile: null, ...how } });
    try {
      return (await selectOne<{ Value: string }>(db, "SHOW SESSION STATUS LIKE 'Ssl_cipher'"))?.Value ?? '';
    } finally {
      await db.destroy();
    }
  }

  test('is spoken to under TLS when it is set', async () => {
    expect(await cipher(byName(server.url), {})).not.toBe('');
  });

  test.each<[string, () => Promise<string>]>([
    ['without TLS', () => cipher(byName(clear.url), {})],
    ['of another authority', () => cipher(byName(server.url), { caFile: files.strangersCa })],
    ['of no authority of the system', () => cipher(byName(server.url), { caFile: null })],
  ])('%s is refused', async (_what, ask) => {
    await expect(ask()).rejects.toThrow();
  });

  test('with another name in its certificate is refused', async () => {
    const misnamed = await startPrivateDatabase([`--ssl-cert=${files.misnamed.cert}`, `--ssl-key=${files.misnamed.key}`]);
    try {
      await expect(cipher(byName(misnamed.url), {})).rejects.toThrow();
    } finally {
      await misnamed.stop();
    }
  });

  test('that wants a certificate is shown one', async () => {
    const admin = await createConnection({ uri: server.url });
    await admin.query("ALTER USER 'kense'@'127.0.0.1' REQUIRE X509");
    try {
      await expect(cipher(byName(server.url), {})).rejects.toThrow();
      expect(await cipher(byName(server.url), { certFile: files.client.cert, keyFile: files.client.key })).not.toBe('');
    } finally {
      await admin.query("ALTER USER 'kense'@'127.0.0.1' REQUIRE NONE");
      await admin.end();
    }
  });
});

describe('mail', () => {
  /** A server and everything it was told. */
  async function withServer(options: SMTPServerOptions, work: (address: string, heard: string[]) => Promise<void>): Promise<void> {
    const heard: string[] = [];
    const server = new SMTPServer({
      authOptional: true,
      allowInsecureAuth: true,
      ...options,
      onAuth: ({ username }, _session, done) => (heard.push(`login ${username}`), done(null, { user: username })),
      onData: (stream, _session, done) => {
        stream.on('data', () => undefined).on('end', () => (heard.push('mail'), done()));
      },
    });
    server.on('error', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await work(`localhost:${(server.server.address() as AddressInfo).port}`, heard);
    } finally {
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
  }
  async function send(options: Omit<MailerOptions, 'from'>): Promise<string> {
    const mailer = openMailer({ from: 'Kense <kense@example.kz>', ...options });
    try {
      return (await mailer.send({ to: 'a@example.kz', subject: 's', text: 't', html: '<p>t</p>', messageId: 'x' })).state;
    } finally {
      mailer.close();
    }
  }
  const named = () => ({ cert: readFileSync(files.server.cert), key: readFileSync(files.server.key) });

  test('goes out under TLS to a server whose certificate is good', async () => {
    await withServer(named(), async (address, heard) => {
      expect(await send({ url: `smtp://kense:secret@${address}`, requireTls: true, caFile: files.ca })).toBe('sent');
      expect(heard).toEqual(['login kense', 'mail']);
    });
  });

  test('neither mail nor password goes to a server whose STARTTLS was stripped on the way', async () => {
    await withServer({ ...named(), hideSTARTTLS: true, disabledCommands: ['STARTTLS'] }, async (address, heard) => {
      expect(await send({ url: `smtp://kense:secret@${address}`, requireTls: true, caFile: files.ca })).toBe('try-later');
      expect(heard).toEqual([]);
    });
  });

  test.each<[string, () => SMTPServerOptions, () => string]>([
    ['of another authority', named, () => files.strangersCa],
    ['with another name', () => ({ cert: readFileSync(files.misnamed.cert), key: readFileSync(files.misnamed.key) }), () => files.ca],
  ])('nor to a server %s', async (_what, made, ca) => {
    await withServer(made(), async (address, heard) => {
      expect(await send({ url: `smtp://kense:secret@${address}`, requireTls: true, caFile: ca() })).toBe('try-later');
      expect(heard).toEqual([]);
    });
  });
});

describe('the object store', () => {
  let door: tls.Server;
  let endpoint: string;
  let bucket: string;

  beforeAll(async () => {
    bucket = await freshBucket();
    const { hostname, port } = new URL(serverEnv()['KENSE_S3_ENDPOINT']!);
    door = tls.createServer({ cert: readFileSync(files.server.cert), key: readFileSync(files.server.key) }, (socket) => {
      const inside = net.connect(Number(port), hostname);
      socket.pipe(inside).pipe(socket);
      for (const one of [socket, inside]) one.on('error', () => undefined).on('close', () => (socket.destroy(), inside.destroy()));
    });
    door.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
    endpoint = `https://localhost:${(door.address() as AddressInfo).port}`;
  });
  afterAll(() => void door.close());

  const store = (caFile: string | null, at = endpoint) =>
    openObjectStore({
      endpoint: at,
      accessKey: serverEnv()['KENSE_S3_ACCESS_KEY']!,
      secretKey: serverEnv()['KENSE_S3_SECRET_KEY']!,
      region: serverEnv()['KENSE_S3_REGION']!,
      bucket,
      caFile,
    });

  test('is reached under TLS by the authority that is set', async () => {
    const objects = store(files.ca);
    await objects.putBytes('a', Buffer.from('bytes'), 'text/plain');
    expect((await objects.getBytes('a')).toString()).toBe('bytes');
  });

  test('of another authority, or with another name, is refused', async () => {
    await expect(store(files.strangersCa).ping()).rejects.toThrow();
    await expect(store(null).ping()).rejects.toThrow();
    await expect(store(files.ca, endpoint.replace('localhost', '127.0.0.1')).ping()).rejects.toThrow();
  });
});
