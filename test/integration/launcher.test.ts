import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'minio';
import { createConnection } from 'mysql2/promise';
import { type Home, openHome, readJson, repositoryRoot } from '../../scripts/launcher/home';
import { isFree, Ports } from '../../scripts/launcher/ports';
import { startProcess, stopLeftovers } from '../../scripts/launcher/processes';
import { type ServersFile } from '../../scripts/launcher/servers';
import { until } from '../support/until';

const folders: string[] = [];
const children: ChildProcess[] = [];

function aHome(): Home {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kense-launcher-'));
  folders.push(folder);
  return openHome(folder);
}

interface Run {
  process: ChildProcess;
  output: () => string;
  exited: Promise<number | null>;
}

/** Runs a command of the launcher as a person would, without the settings of the suites around it. */
function launch(script: 'servers' | 'demo', home: Home, args: string[], env: Record<string, string> = {}): Run {
  const entry = path.join(repositoryRoot(), `dist/scripts/${script}.js`);
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('KENSE_'));
  const child = spawn(process.execPath, ['-e', 'require(process.argv[1]).main(process.argv.slice(2))', entry, ...args], {
    env: { ...Object.fromEntries(own), KENSE_HOME: home.root, ...env },
  });
  children.push(child);
  let output = '';
  child.stdout.on('data', (piece: Buffer) => (output += piece.toString()));
  child.stderr.on('data', (piece: Buffer) => (output += piece.toString()));
  return { process: child, output: () => output, exited: new Promise((resolve) => child.once('exit', resolve)) };
}

async function serversOf(run: Run, home: Home): Promise<ServersFile> {
  let over = false;
  void run.exited.then(() => (over = true));
  await until('the servers to start', () => /Addresses: /.test(run.output()) || over, 120_000);
  const file = readJson<ServersFile>(path.join(home.root, 'servers.json'));
  if (!file || over) throw new Error(run.output());
  return file;
}

async function query(file: ServersFile, sql: string): Promise<unknown> {
  const connection = await createConnection({ uri: file.env['KENSE_DATABASE_URL']! });
  try {
    return (await connection.query(sql))[0];
  } finally {
    await connection.end();
  }
}

function objectsOf({ env }: ServersFile): Client {
  const { port } = new URL(env['KENSE_S3_ENDPOINT']!);
  return new Client({
    endPoint: '127.0.0.1',
    port: Number(port),
    useSSL: false,
    accessKey: env['KENSE_S3_ACCESS_KEY']!,
    secretKey: env['KENSE_S3_SECRET_KEY']!,
    region: env['KENSE_S3_REGION']!,
  });
}

async function textOf(client: Client, name: string): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of await client.getObject('kense', name)) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

function pidsOf(home: Home): number[] {
  return fs.readdirSync(home.run).flatMap((name) => readJson<{ pid: number }>(path.join(home.run, name))?.pid ?? []);
}

const isAlive = (pid: number): boolean => fs.existsSync(`/proc/${pid}`) && !/\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) {
    await stopLeftovers(openHome(folder), 0);
    fs.rmSync(folder, { recursive: true, force: true });
  }
});

test('a remembered port that another program took is replaced, the others stay', async () => {
  const home = aHome();
  const first = await new Ports(home).claim(['database', 'objects']);
  const stranger = net.createServer();
  await new Promise<void>((resolve) => stranger.listen(first['database'], '127.0.0.1', resolve));
  const second = await new Ports(home).claim(['database', 'objects']);
  expect(second['objects']).toBe(first['objects']);
  expect(second['database']).not.toBe(first['database']);
  stranger.close();
});

test('a stranger that got a remembered process number is left alone', async () => {
  const home = aHome();
  const stranger = spawn('sleep', ['30']);
  children.push(stranger);
  fs.writeFileSync(
    path.join(home.run, 'database.json'),
    JSON.stringify({ pid: stranger.pid, startedAt: '1', marker: `--datadir=${home.data}`, graceMs: 100 }),
  );
  expect(await stopLeftovers(home)).toEqual([]);
  expect(isAlive(stranger.pid!)).toBe(true);
  expect(fs.readdirSync(home.run)).toEqual([]);
});

test('a process of our own that stayed behind is ended, also when it ignores the polite signal', async () => {
  const home = aHome();
  const script = `process.on('SIGTERM', () => {}); console.log('deaf'); setInterval(() => {}, 1000); // ${home.root}`;
  const running = startProcess(home, { name: 'deaf', program: process.execPath, args: ['-e', script], marker: home.root, graceMs: 200 });
  await until('the process to ignore signals', () => fs.readFileSync(running.logFile, 'utf8').includes('deaf'));
  expect(await stopLeftovers(home)).toEqual(['deaf']);
  await until('the process to be gone', () => !isAlive(running.pid)); // killed at once, buried by this process a moment later
});

test('two homes run side by side; one killed with -9 starts again with its data and leaves no process behind', async () => {
  const [one, other] = [aHome(), aHome()];
  const [first, beside] = [launch('servers', one, []), launch('servers', other, ['--test'])];
  const [before, files] = await Promise.all([serversOf(first, one), serversOf(beside, other)]);
  const portsOf = (home: Home) => Object.values(readJson<Record<string, number>>(path.join(home.root, 'ports.json'))!);
  expect(portsOf(one).filter((port) => portsOf(other).includes(port))).toEqual([]);
  expect(await query(files, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);

  await query(before, 'CREATE TABLE kept (n INT)');
  await query(before, 'INSERT INTO kept VALUES (42)');
  await objectsOf(before).putObject('kense', 'kept', 'forty-two');
  const oldPids = pidsOf(one);
  first.process.kill('SIGKILL');
  await first.exited;
  const second = launch('servers', one, []);
  const after = await serversOf(second, one);
  expect(second.output()).toMatch(/Stopped what an earlier run had left: .*database/);
  expect(after).toEqual(before);
  expect(await query(after, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
  expect(await textOf(objectsOf(after), 'kept')).toBe('forty-two');
  expect(oldPids.filter(isAlive)).toEqual([]);

  const refused = launch('servers', one, []);
  expect(await refused.exited).toBe(1);
  expect(refused.output()).toBe(
    `${one.root} is in use by a running launcher (process ${second.process.pid}); stop it first or choose another folder with KENSE_HOME.\n`,
  );

  const pids = pidsOf(one);
  second.process.kill('SIGINT');
  expect(await second.exited).toBe(0);
  expect(pids.filter(isAlive)).toEqual([]);
}, 240_000);

test('the demo whose web port is taken says so in one sentence and starts nothing', async () => {
  const home = aHome();
  const stranger = net.createServer();
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  const { port } = stranger.address() as net.AddressInfo;
  const run = launch('demo', home, [], { KENSE_PORT: String(port) });
  expect(await run.exited).toBe(1);
  expect(run.output()).toBe(
    `Port ${port} is taken by another program; stop it or choose another port: KENSE_PORT=${port + 1} npm run demo\n`,
  );
  expect(fs.readdirSync(home.data)).toEqual([]);
  expect(await isFree(port)).toBe(false);
  stranger.close();
});

test.each([
  [{ KENSE_MARIADBD: '/nowhere/mariadbd' }, 'KENSE_MARIADBD names /nowhere/mariadbd, which is not a program that can run.\n'],
  [{ KENSE_PORT: 'eighty' }, 'KENSE_PORT is eighty, which is not a port number.\n'],
])('a wrong setting %j is named in one sentence', async (env, sentence) => {
  const run = launch('demo', aHome(), [], { KENSE_PORT: '31999', ...env });
  expect(await run.exited).toBe(1);
  expect(run.output().replace('Starting the servers\n', '')).toBe(sentence);
});
