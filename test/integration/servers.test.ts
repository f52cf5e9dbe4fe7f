import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { Client } from 'ldapts';
import { createTransport } from 'nodemailer';
import { demoOrganisations } from '../../scripts/demo-data';
import { pendingMigrations } from '../../storage/migrate';
import { freshDatabase } from '../support/database';
import { mailControl, mailsTo, waitForMails } from '../support/mail';
import { freshBucket, objectClient } from '../support/objects';
import { serverEnv, servers } from '../support/servers';
import { freshNamespace } from '../support/temporal';
import { select } from '../../storage/sql';

const env = serverEnv();
const [alatau] = demoOrganisations;
const person = alatau!.people[0]!;

describe('the database', () => {
  test('is the server that was asked for, strict and in UTC', async () => {
    const database = await freshDatabase();
    const { db } = database;
    const [row] = await select<{ version: string; mode: string; zone: string; collation: string; tmpdir: string }>(
      db,
      'SELECT VERSION() AS version, @@sql_mode AS mode, @@time_zone AS zone, @@collation_database AS collation, @@tmpdir AS tmpdir',
    );
    expect(row!.tmpdir).not.toBe(tmpdir()); // a server that starts removes the temporary tables of others in the same folder
    expect(/MariaDB/.test(row!.version)).toBe(process.env['KENSE_TEST_DATABASE'] !== 'mysql');
    expect(row).toMatchObject({
      zone: '+00:00',
      collation: 'utf8mb4_unicode_520_ci',
      mode: expect.stringContaining('STRICT_TRANS_TABLES') as string,
    });
    expect(await pendingMigrations(db)).toEqual([]);
    await database.drop();
  });
});

describe('the object store', () => {
  test('keeps what it is given, reads ranges, and keeps buckets apart', async () => {
    const [one, other] = await Promise.all([freshBucket(), freshBucket()]);
    const client = objectClient();
    await client.putObject(one, 'a/b.txt', Buffer.from('0123456789'));
    const pieces: Buffer[] = [];
    for await (const piece of await client.getPartialObject(one, 'a/b.txt', 3, 4)) pieces.push(piece as Buffer);
    expect(Buffer.concat(pieces).toString()).toBe('3456');
    await expect(client.statObject(other, 'a/b.txt')).rejects.toMatchObject({ code: 'NotFound' });
  });

  test('refuses a wrong key', async () => {
    const response = await fetch(`${env['KENSE_S3_ENDPOINT']}/${env['KENSE_S3_BUCKET']}?list-type=2`);
    expect(response.status).toBe(403);
  });
});

describe('the directory', () => {
  const open = () =>
    new Client({ url: env['KENSE_LDAP_URL']!, timeout: 5_000, tlsOptions: { ca: [fs.readFileSync(env['KENSE_LDAP_CA_FILE']!)] } });
  const as = async <T>(dn: string, password: string, use: (client: Client) => Promise<T>): Promise<T> => {
    const client = open();
    try {
      await client.bind(dn, password);
      return await use(client);
    } finally {
      await client.unbind();
    }
  };
  const personDn = `uid=${person.login},ou=people,${env['KENSE_LDAP_BASE_DN']}`;

  test('shows the application a person with number, mail, position and groups', async () => {
    const found = await as(env['KENSE_LDAP_BIND_DN']!, env['KENSE_LDAP_BIND_PASSWORD']!, (client) =>
      client.search(env['KENSE_LDAP_BASE_DN']!, {
        filter: `(uid=${person.login})`,
        attributes: ['uid', 'employeeNumber', 'mail', 'title', 'memberOf', 'userPassword'],
      }),
    );
    expect(found.searchEntries).toEqual([
      {
        dn: personDn,
        uid: person.login,
        employeeNumber: person.iin,
        mail: person.email,
        title: person.position,
        memberOf: `cn=kense-owners,ou=groups,${env['KENSE_LDAP_BASE_DN']}`,
        userPassword: [],
      },
    ]);
  });

  test('lets a person in by his own password and by no other, and nobody read without a name', async () => {
    await expect(as(personDn, person.password, () => Promise.resolve('in'))).resolves.toBe('in');
    await expect(as(personDn, 'wrong', () => Promise.resolve('in'))).rejects.toMatchObject({ name: 'InvalidCredentialsError' });
    const client = open();
    await expect(client.search(env['KENSE_LDAP_BASE_DN']!, { filter: '(uid=*)' })).rejects.toMatchObject({ name: 'NoSuchObjectError' });
    await client.unbind();
  });

  test('is not reached by a program that does not trust its authority', async () => {
    const client = new Client({ url: env['KENSE_LDAP_URL']!, timeout: 5_000 });
    await expect(client.bind(personDn, person.password)).rejects.toThrow(/certificate/);
  });
});

describe('the mail sink', () => {
  const transport = createTransport(env['KENSE_SMTP_URL']);
  const send = (to: string) =>
    transport.sendMail({
      from: 'Kense <kense@alatau-servis.kz>',
      to,
      subject: 'Қол қою: договор № 5 — «Ұлы Дала»',
      text: 'Откройте http://127.0.0.1/i/abc?x=1&y=2 чтобы подписать.\nӘ Ғ Қ Ң Ө Ұ Ү Һ І',
      html: '<p>Откройте <a href="http://127.0.0.1/i/abc?x=1&amp;y=2">документ</a></p>',
      attachments: [{ filename: 'Договор.pdf', content: Buffer.from('%PDF-1.7') }],
    });

  afterAll(() => transport.close());

  test('keeps a mail and reads it back: letters of Kazakh, links, attachment', async () => {
    await send('first@sink.kz');
    const [mail] = await waitForMails('first@sink.kz');
    expect(mail).toMatchObject({
      to: ['first@sink.kz'],
      subject: 'Қол қою: договор № 5 — «Ұлы Дала»',
      links: ['http://127.0.0.1/i/abc?x=1&y=2'],
      attachments: [{ name: 'Договор.pdf', type: 'application/pdf', bytes: 8 }],
    });
    expect(mail!.text).toContain('Ә Ғ Қ Ң Ө Ұ Ү Һ І');
    const page = await (await fetch(`${servers().mailPage}/mail/${mail!.id}`)).text();
    expect(page).toContain('Қол қою: договор № 5');
    expect(page).toContain('href="http://127.0.0.1/i/abc?x=1&#38;y=2"');
  });

  test('refuses the recipients it is told to, and goes away and comes back', async () => {
    await mailControl({ refuse: ['nobody@sink.kz'] });
    await expect(send('nobody@sink.kz')).rejects.toMatchObject({ responseCode: 550 });
    await mailControl({ refuse: [], down: true });
    await expect(send('second@sink.kz')).rejects.toMatchObject({ code: 'ESOCKET' });
    await mailControl({ down: false });
    await send('second@sink.kz');
    expect(await mailsTo('second@sink.kz')).toHaveLength(1);
    expect(await mailsTo('nobody@sink.kz')).toEqual([]);
  });
});

test('Temporal serves a namespace of its own', async () => {
  await expect(freshNamespace()).resolves.toMatch(/^t-/);
});
