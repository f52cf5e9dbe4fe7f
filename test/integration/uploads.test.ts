import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Readable } from 'node:stream';
import { sweepUploads } from '../../services/upkeep';
import { digest } from '../../signature';
import { ObjectStoreAway, openObjectStore } from '../../storage/objects';
import { execute, select } from '../../storage/sql';
import { aPdf, TestApplication } from '../support/application';
import type { Browser } from '../support/browser';
import { until } from '../support/until';

let app: TestApplication;
let clerk: Browser;

beforeAll(async () => {
  app = await TestApplication.start({ worker: false, env: { KENSE_UPLOAD_MAX_MIB: '2' } });
  clerk = await app.signedIn(app.ours.people.clerk);
});
afterAll(() => app.stop());

const upload = (name: string, bytes: Uint8Array, htmx = true) =>
  clerk.upload('/uploads', { command: app.deps.newId() }, [{ name, bytes }], { htmx });
const leftovers = () => select<{ object_key: string }>(app.deps.db, 'SELECT object_key FROM uploads');

test('a file is stored as it came, with both digests computed on the way', async () => {
  const bytes = Buffer.concat([Buffer.from(aPdf('digests')), Buffer.alloc(1_500_000, 'x')]);
  const id = await app.draft(clerk, bytes, 'Ұзақ "атау" 🙂.pdf');
  const [file] = await select<{ name: string; sha256: Buffer; streebog512: Buffer; size_bytes: number }>(
    app.deps.db,
    'SELECT * FROM files WHERE document_id = :id',
    { id },
  );
  expect(file?.name).toBe('Ұзақ "атау" 🙂.pdf');
  expect(Buffer.from(digest('sha256', bytes)).equals(file?.sha256 ?? Buffer.alloc(0))).toBe(true);
  expect(Buffer.from(digest('streebog512', bytes)).equals(file?.streebog512 ?? Buffer.alloc(0))).toBe(true);
  const back = await clerk.get(`/documents/${id}/original`);
  expect(back.bytes.equals(bytes)).toBe(true);
  expect(back.headers.get('content-disposition')).toContain("filename*=UTF-8''%D2%B0");
  expect(await leftovers()).toEqual([]);
});

test.each<[string, string, Uint8Array, number]>([
  ['nothing at all', 'a.pdf', Buffer.alloc(0), 422],
  ['a program', 'a.exe', Buffer.from('MZ\x90'), 415],
  ['a program called PDF', 'a.pdf', Buffer.from('MZ\x90\x00\x03'), 415],
  ['more than allowed', 'a.pdf', Buffer.concat([Buffer.from(aPdf()), Buffer.alloc(2 * 1024 * 1024 + 1)]), 413],
  ['an encrypted PDF', 'a.pdf', Buffer.concat([Buffer.from(aPdf()), Buffer.from('trailer << /Encrypt 9 0 R >>')]), 422],
])('%s is refused in words and leaves nothing behind', async (_what, name, bytes, status) => {
  const answer = await upload(name, bytes);
  expect(answer.status).toBe(status);
  expect(answer.text).toContain(name);
  expect(await leftovers()).toEqual([]);
  const page = await upload(name, bytes, false);
  expect([page.status, page.text.includes('<html')]).toEqual([status, true]);
});

test('one bad file among several does not stop the others', async () => {
  const answer = await clerk.upload('/uploads', { command: app.deps.newId() }, [
    { name: 'one.pdf', bytes: aPdf('1') },
    { name: 'bad.exe', bytes: Buffer.from('MZ') },
    { name: 'two.pdf', bytes: aPdf('2') },
  ]);
  expect([...answer.text.matchAll(/\/documents\/[0-9A-Z]{26}\/edit/g)].length).toBeGreaterThanOrEqual(2);
});

test('the same upload again, after its answer was lost, makes no second draft', async () => {
  const command = app.deps.newId();
  const send = () => clerk.upload('/uploads', { command }, [{ name: 'same.pdf', bytes: aPdf('same') }]);
  const [first, second] = [await send(), await send()];
  expect(first.location).toBe(second.location);
  expect(await leftovers()).toEqual([]);
});

test('an upload that breaks off leaves nothing for good', async () => {
  const { port } = new URL(app.url);
  const boundary = 'xxBOUNDARYxx';
  const head = (name: string, extra = '') => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${extra}\r\n\r\n`;
  const body = `${head('_csrf')}${clerk.csrf}\r\n${head('command')}${app.deps.newId()}\r\n${head('file', '; filename="broken.pdf"')}${Buffer.from(aPdf()).toString('latin1')}`;
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write(
        `POST /uploads HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nCookie: kense=${clerk.cookie('kense')}\r\nContent-Type: multipart/form-data; boundary=${boundary}\r\nContent-Length: 900000\r\n\r\n${body}`,
      );
      setTimeout(() => {
        socket.destroy();
        resolve();
      }, 300);
    });
  });
  await until('the rest to be removed', async () => (await leftovers()).length === 0);
});

test('what a killed process left is found by its row and swept', async () => {
  await app.deps.objects.putBytes('files/orphan', Buffer.from('half'), 'application/octet-stream');
  await execute(
    app.deps.db,
    "INSERT INTO uploads (object_key, person_id, started_at) VALUES ('files/orphan', :p, UTC_TIMESTAMP(3) - INTERVAL 3 HOUR)",
    { p: app.ours.people.clerk.id },
  );
  expect(await sweepUploads(app.deps, () => undefined)).toEqual({ removed: 1 });
  expect(await app.deps.objects.size('files/orphan')).toBeNull();
});

test('a form that is no form is refused quietly', async () => {
  expect((await clerk.post('/uploads', { command: app.deps.newId() })).status).toBe(400);
  const answer = await fetch(`${app.url}/uploads`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'Content-Type': 'multipart/form-data; boundary=x', Cookie: `kense=${clerk.cookie('kense')}` },
    body: 'no boundary here',
  });
  expect(answer.status).toBeLessThan(500);
});

test.each([0, 1, 5 * 1024 * 1024, 11 * 1024 * 1024 + 1])(
  'an object of %i bytes comes back as it was, in however many parts it went',
  async (size) => {
    const bytes = randomBytes(size);
    const pieces = Array.from({ length: Math.ceil(size / 65_000) }, (_, i) => bytes.subarray(i * 65_000, (i + 1) * 65_000));
    await app.deps.objects.putStream('files/parts', Readable.from(pieces), 'application/octet-stream');
    expect((await app.deps.objects.getBytes('files/parts')).equals(bytes)).toBe(true);
    await app.deps.objects.remove('files/parts');
  },
);

test('while the store refuses to write, an upload of any size is answered soon and leaves nothing', async () => {
  const refusing = createServer((req, res) => {
    req.resume();
    res.writeHead(403, { 'Content-Type': 'application/xml' }).end('<Error><Code>AccessDenied</Code><Message>no</Message></Error>');
  });
  await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
  const { objects } = app.config;
  const endpoint = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`;
  const away = await TestApplication.start({ worker: false, deps: () => ({ objects: openObjectStore({ ...objects, endpoint }) }) });
  try {
    const browser = await away.signedIn(away.ours.people.clerk);
    for (const size of [100, 90_000, 1_500_000, 12_000_000]) {
      const bytes = Buffer.concat([Buffer.from(aPdf('refused')), Buffer.alloc(size, 'x')]);
      const answer = await browser.upload('/uploads', { command: away.deps.newId() }, [{ name: 'a.pdf', bytes }], { htmx: true });
      expect([size, answer.status]).toEqual([size, 503]);
      expect(answer.text).not.toMatch(/AccessDenied|files\//);
    }
    expect(await select(away.deps.db, 'SELECT id FROM documents')).toEqual([]);
    const source = Readable.from([Buffer.alloc(12_000_000, 'x')]); // that nobody else listens to
    await expect(away.deps.objects.putStream('files/refused', source, 'application/pdf')).rejects.toThrow(ObjectStoreAway);
    expect(source.destroyed).toBe(true);
  } finally {
    await away.stop();
    refusing.closeAllConnections();
    refusing.close();
  }
});
