import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Allowance, openPool, Overspent, type Pool, TaskDropped, TaskLost } from '../../services/isolation/pool';
import { root } from '../../services/root';
import type { CheckRequest } from '../../services/signing/check-signature';
import { openSignatureChecker, type SignatureChecker } from '../../services/signing/checker';
import { until } from '../support/until';

const programs = path.join(root, 'test/support/programs');
const enough: Allowance = { memoryMib: 64, workMs: 30_000, clockMs: 60_000 };

describe('a pool of processes', () => {
  let pool: Pool<string, unknown>;
  beforeAll(() => {
    pool = openPool(path.join(programs, 'costly-child.js'), null, { processes: 2, memoryMib: 512, heapMib: 64 });
  });
  afterAll(() => pool.close());
  const run = (task: string, allowance: Partial<Allowance> = {}, owner?: string): Promise<unknown> =>
    pool.order(task, { ...enough, ...allowance }, owner).done.then(({ result }) => result);

  test.each([
    ['compute', { workMs: 300 }, 'work'],
    ['wait', { clockMs: 300 }, 'clock'],
    ['heap', { memoryMib: 400 }, 'memory'], // the heap of the process itself is smaller
    ['buffers', { memoryMib: 64 }, 'memory'], // no limit of the heap sees these
  ] as const)('ends %s alone when it takes too much', async (task, allowance, what) => {
    const neighbour = run('echo beside');
    const error = await run(task, allowance).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Overspent);
    expect((error as Overspent).what).toBe(what);
    expect(await neighbour).toBe('echo beside');
    expect(await run('echo after')).toBe('echo after');
  });

  test('tells what failed from what cost too much', async () => {
    await expect(run('end')).rejects.toBeInstanceOf(TaskLost);
    await expect(run('fail')).rejects.toThrow('no such luck');
    expect(await run('echo still')).toBe('echo still');
  });

  test('keeps a process for the next task', async () => {
    const first = await run('pid');
    expect(await run('pid')).toBe(first);
  });

  test('gives its processes none of the settings of its own, secrets among them', async () => {
    process.env['KENSE_SECRET_KEY'] = '00'.repeat(32);
    const fresh = openPool<null, string, string[]>(path.join(programs, 'costly-child.js'), null, {
      processes: 1,
      memoryMib: 512,
      heapMib: 64,
    });
    const { result } = await fresh.order('environment', enough).done;
    delete process.env['KENSE_SECRET_KEY'];
    await fresh.close();
    expect(result.filter((name) => name.startsWith('KENSE_'))).toEqual([]);
  });

  test('lets nobody have all processes, and nobody wait for ever behind one who is costly', async () => {
    const mine = [pool.order('wait', enough, 'me'), pool.order('wait', enough, 'me')];
    expect(await run('echo other', {}, 'other')).toBe('echo other');
    expect(pool.counts()).toEqual({ running: 1, waiting: 1 });
    const waiting = mine.find((one) => one.isWaiting());
    waiting?.drop();
    await expect(waiting?.done).rejects.toBeInstanceOf(TaskDropped);
    const ended = expect(mine.find((one) => one !== waiting)?.done).rejects.toBeInstanceOf(Error);
    await pool.close();
    await ended;
  });
});

test('tasks that need much memory are not under way together', async () => {
  const pool = openPool<null, string, unknown>(path.join(programs, 'costly-child.js'), null, { processes: 2, memoryMib: 100, heapMib: 64 });
  const large = pool.order('compute', { ...enough, memoryMib: 80, workMs: 500 }).done.catch((error: unknown) => error);
  const second = pool.order('echo second', { ...enough, memoryMib: 80 });
  await until('the first to begin', () => pool.counts().running === 1);
  expect(second.isWaiting()).toBe(true);
  expect(second.ahead()).toBe(0);
  expect(await large).toBeInstanceOf(Overspent);
  expect((await second.done).result).toBe('echo second');
  await pool.close();
});

test('should its pool die while a task computes, the system ends the task', async () => {
  const pool = openPool<null, string, number>(path.join(programs, 'costly-child.js'), null, { processes: 1, memoryMib: 100, heapMib: 64 });
  const { result: pid } = await pool.order('pid', enough).done;
  expect(readFileSync(`/proc/${pid}/limits`, 'utf8')).toMatch(/^Max cpu time\s+\d+/m);
  await pool.close();
});

test('a process of strangers gives way with every thread, and its share of the processors is not that of its pool', async () => {
  const pool = openPool<null, string, number>(path.join(programs, 'costly-child.js'), null, { processes: 1, memoryMib: 100, heapMib: 64 });
  const { result: pid } = await pool.order('pid', enough).done;
  const fieldsOf = (file: string): string[] => (/.*\) (.*)/.exec(readFileSync(file, 'utf8'))?.[1] ?? '').split(' '); // from field 3 of proc(5) on
  const threads = readdirSync(`/proc/${pid}/task`);
  expect(threads.length).toBeGreaterThan(1);
  expect(new Set(threads.map((thread) => fieldsOf(`/proc/${pid}/task/${thread}/stat`)[16]))).toEqual(new Set(['10']));
  expect(fieldsOf(`/proc/${pid}/stat`)[3]).toBe(String(pid)); // a session of its own
  await pool.close();
});

test('a program closes its pool and goes on to what it closes next', () => {
  const script = `
    const { openPool } = require(${JSON.stringify(path.join(root, 'dist/services/isolation/pool.js'))});
    const pool = openPool(${JSON.stringify(path.join(programs, 'costly-child.js'))}, null, { processes: 1, memoryMib: 100, heapMib: 64 });
    pool.order('echo', ${JSON.stringify(enough)}).done.then(() => pool.close()).then(() => console.log('closed'));`;
  expect(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })).toBe('closed\n');
});

describe('checks of signatures in a thread', () => {
  let checker: SignatureChecker;
  const settings = { trustFiles: [], policyFile: null, pki: { ocspUrls: [], tspUrl: null, timeoutMs: 1_000, proxyUrl: null } };
  const request = (kind: number, waits = 0, rest: Partial<CheckRequest> = {}): CheckRequest => ({
    signature: Uint8Array.of(kind, waits),
    digests: {},
    at: Date.now(),
    ...rest,
  });
  beforeEach(() => {
    checker = openSignatureChecker(
      settings,
      { signingMs: 1_000, signInMs: 1_000, patienceMs: 60_000 },
      path.join(programs, 'costly-thread.js'),
    );
  });
  afterEach(() => checker.close());

  test('one that computes for ever is ended alone, and those beside it are checked all the same', async () => {
    const before = [checker.check(request(3)), checker.check(request(3))];
    const costly = checker.check(request(1, 5));
    const after = [checker.check(request(0, 9)), checker.check(request(3))];
    expect(await costly).toEqual({ ok: false, code: 'signing.too_costly' });
    expect((await Promise.all([...before, ...after])).every((result) => result.ok)).toBe(true);
  });

  test('several of them are each ended alone', async () => {
    const costly = [1, 2, 3].map((waits) => checker.check(request(1, waits)));
    const good = checker.check(request(3, 4));
    expect(await Promise.all(costly)).toEqual(costly.map(() => ({ ok: false, code: 'signing.too_costly' })));
    expect((await good).ok).toBe(true);
  });

  test('a thread that ends by itself fails who ended it, not who was beside', async () => {
    const ends = checker.check(request(2, 3));
    const good = [checker.check(request(3)), checker.check(request(0))];
    expect(await ends).toMatchObject({ ok: false });
    expect((await Promise.all(good)).every((result) => result.ok)).toBe(true);
  });

  test('whoever wants to sign in never holds up whoever signs', async () => {
    const door = checker.check(request(1, 0, { purpose: 'sign-in' }));
    let isOver = false;
    void door.then(() => (isOver = true));
    expect((await checker.check(request(0, 0, { purpose: 'sign' }))).ok).toBe(true);
    expect(isOver).toBe(false);
    expect(await door).toEqual({ ok: false, code: 'signing.too_costly' });
  });
});
