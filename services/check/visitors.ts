import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { Logger } from 'pino';
import { Refusal } from '../../domain/refusals';
import { type Allowance, openPool, type Ordered, Overspent, TaskDropped, TaskLost } from '../isolation/pool';
import { root } from '../root';
import type { CheckerSettings } from '../signing/check-tools';
import type { ListAtHand } from '../signing/lists';
import { type CostLimits, networkOf, openAddressCost } from './address-cost';
import type { CheckAnswer, CheckTask } from './tasks';

/** Limits of the check page; each is far above what people need. */
export type VisitorLimits = {
  cost: CostLimits;
  /** Checks in the line, of everybody and of one address; forms being received, likewise. */
  line: { all: number; address: number };
  receiving: { all: number; address: number };
  /** How long a visitor waits for the answer itself, before a page that says so and looks again. Milliseconds. */
  answerMs: number;
  /** What a check may cost, in place of the usual. */
  allowance?: Partial<Allowance>;
  /** What runs in the processes, in place of the usual. */
  program?: string;
};

const usualLimits = (uploadMaxBytes: number): VisitorLimits => ({
  cost: { workMs: 120_000, bytes: Math.max(2 * 1024 ** 3, 4 * uploadMaxBytes), windowSeconds: 600 },
  line: { all: 24, address: 6 },
  receiving: { all: 12, address: 4 },
  answerMs: 8_000,
});

/** Two checks at a time; together they leave room for the rest of Kense on a machine of two gibibytes. */
const shape = { processes: 2, memoryMib: 384, heapMib: 192 };

/** How long what was found is kept for the visitor who waits for it, and how long one who asks no more keeps a place in the line. Milliseconds. */
const keptMs = 10 * 60_000;
const unaskedMs = 60_000;
const sweepMs = 15_000;
const ticketsAtMost = 200;

/** What came of a check. */
export type Outcome<Page> = { kind: 'found'; page: Page } | { kind: 'refused'; code: string } | { kind: 'failed'; error: Error };

/** A check that was asked for, known by its token. */
export type Ticket<Page> = {
  token: string;
  /** Never rejects. */
  outcome: Promise<Outcome<Page>>;
  /** Null while it is not known. */
  settled(): Outcome<Page> | null;
  /** How many checks stand before this one; null when it is under way. */
  ahead(): number | null;
  /** The visitor has gone: a check that has not begun is forgotten. */
  leave(): void;
};

export type Visitors = {
  /** How long a request waits for the answer to its check. Milliseconds. */
  answerMs: number;
  /** Refuses an address that has used up what it may cost. */
  admit(address: string): Promise<void>;
  /** Counts a form that is being received; returns what ends it, told the bytes that came. Refuses when there are too many. */
  receive(address: string): (bytes: number) => Promise<void>;
  /**
   * Puts a check in the line. `present` makes a page of the answer; `lists` fetches the revocation lists at hand;
   * `cleanUp` runs when the files are no longer needed.
   */
  order<Page>(
    address: string,
    task: CheckTask,
    allowance: Allowance,
    work: {
      present: (answer: Exclude<CheckAnswer, { kind: 'refused' }>) => Page;
      lists: () => Promise<readonly ListAtHand[]>;
      cleanUp?: () => Promise<void>;
    },
  ): Ticket<Page>;
  /** A check by its token; undefined when there is none, or no more. */
  find(token: string): Ticket<unknown> | undefined;
  counts(): { running: number; waiting: number };
  /** Starts a process before it is needed. */
  start(): void;
  close(): Promise<void>;
};

/**
 * The check page's own processes: what strangers send is read there and nowhere else, two at a time, the rest in a line. Whoever is costly
 * waits for himself: an address has one check under way, and only so much work in a window.
 */
export function openVisitors(
  settings: CheckerSettings,
  { uploadMaxBytes, log }: { uploadMaxBytes: number; log: Logger },
  given: Partial<VisitorLimits> = {},
): Visitors {
  const limits: VisitorLimits = { ...usualLimits(uploadMaxBytes), ...given };
  const program = limits.program ?? path.join(root, 'dist', 'services', 'check', 'check-child.js');
  const pool = openPool<CheckerSettings, CheckTask, CheckAnswer>(program, settings, shape);
  const cost = openAddressCost(limits.cost);
  const receiving = new Map<string, number>();
  const tickets = new Map<string, { ticket: Ticket<unknown>; owner: string; askedAt: number; settledAt: number | null }>();
  const inLine = (owner?: string): number =>
    [...tickets.values()].filter((one) => one.settledAt === null && (owner === undefined || one.owner === owner)).length;

  const sweep = setInterval(() => {
    for (const [token, { ticket, askedAt, settledAt }] of tickets) {
      if (settledAt !== null && Date.now() - settledAt > keptMs) tickets.delete(token);
      if (settledAt === null && Date.now() - askedAt > unaskedMs) ticket.leave();
    }
  }, sweepMs);
  sweep.unref();

  const forgetOldest = (): void => {
    for (const [token, { settledAt }] of tickets) {
      if (tickets.size < ticketsAtMost) return;
      if (settledAt !== null) tickets.delete(token);
    }
  };

  return {
    answerMs: limits.answerMs,

    async admit(address) {
      const seconds = await cost.waitSeconds(address);
      if (seconds > 0) throw new Refusal('check.spent', { minutes: Math.ceil(seconds / 60) });
    },

    receive(address) {
      const owner = networkOf(address);
      const own = receiving.get(owner) ?? 0;
      const all = [...receiving.values()].reduce((sum, count) => sum + count, 0);
      if (own >= limits.receiving.address || all >= limits.receiving.all) throw new Refusal('check.busy');
      receiving.set(owner, own + 1);
      return async (bytes) => {
        const left = (receiving.get(owner) ?? 1) - 1;
        if (left > 0) receiving.set(owner, left);
        else receiving.delete(owner);
        await cost.charge(address, { bytes });
      };
    },

    order(address, task, allowance, { present, lists, cleanUp }) {
      type Page = ReturnType<typeof present>;
      const owner = networkOf(address);
      if (inLine(owner) >= limits.line.address || inLine() >= limits.line.all) throw new Refusal('check.busy');
      forgetOldest();
      let current: Ordered<CheckAnswer> | null = null;
      let settled: Outcome<Page> | null = null;
      const ask = async (asked: CheckTask): Promise<CheckAnswer> => {
        current = pool.order(asked, { ...allowance, ...limits.allowance }, owner);
        try {
          const { result, workMs } = await current.done;
          await cost.charge(address, { workMs });
          return result;
        } catch (error) {
          if (error instanceof Overspent || error instanceof TaskLost) await cost.charge(address, { workMs: error.workMs });
          throw error;
        }
      };
      const find = async (): Promise<Outcome<Page>> => {
        try {
          const answer = await ask({ ...task, lists: await lists() });
          return answer.kind === 'refused' ? answer : { kind: 'found', page: present(answer) };
        } catch (error) {
          if (error instanceof Overspent) {
            log.warn({ what: error.what, workMs: error.workMs, kind: task.kind }, 'a check was ended, it cost too much');
            return { kind: 'refused', code: 'check.too_costly' };
          }
          if (!(error instanceof TaskDropped)) log.error({ err: error, kind: task.kind }, 'a check failed');
          return { kind: 'failed', error: error as Error };
        } finally {
          await cleanUp?.().catch((error: Error) => log.warn({ err: error }, 'the files of a check were not removed'));
        }
      };
      const token = randomBytes(24).toString('base64url');
      const outcome = find().then((found) => {
        settled = found;
        const kept = tickets.get(token);
        if (kept) kept.settledAt = Date.now();
        return found;
      });
      const ticket: Ticket<Page> = {
        token,
        outcome,
        settled: () => settled,
        ahead: () => (current?.isWaiting() ? current.ahead() : null),
        leave: () => current?.drop(),
      };
      tickets.set(token, { ticket, owner, askedAt: Date.now(), settledAt: null });
      return ticket;
    },

    find(token) {
      const kept = tickets.get(token);
      if (kept) kept.askedAt = Date.now();
      return kept?.ticket;
    },

    counts: () => pool.counts(),
    start: () => pool.start(),
    async close() {
      clearInterval(sweep);
      await pool.close();
    },
  };
}

const mebibytes = (bytes: number): number => Math.ceil(bytes / 1024 / 1024);

/** What the check of a file may cost: more for a larger one, by what reading it honestly takes. Sizes in bytes. */
export function allowanceOf(
  check: { kind: 'pack' | 'card'; size: number } | { kind: 'signature'; size: number; fileSize: number } | { kind: 'kept'; count: number },
): Allowance {
  switch (check.kind) {
    case 'pack': // the document only passes through; what is held beside it has a limit of its own
      return withClock({ memoryMib: 160 + Math.min(160, mebibytes(check.size)), workMs: 8_000 + 150 * mebibytes(check.size) });
    case 'card': // the file is held, and once more what it encloses
      return withClock({ memoryMib: 128 + 3 * mebibytes(check.size), workMs: 8_000 + 150 * mebibytes(check.size) });
    case 'signature':
      return withClock({
        memoryMib: 96 + 3 * mebibytes(check.size),
        workMs: 6_000 + 150 * mebibytes(check.size) + 150 * mebibytes(check.fileSize),
      });
    case 'kept':
      return withClock({ memoryMib: 128, workMs: Math.min(60_000, 3_000 + 500 * check.count) });
  }
}

/** On a busy machine work takes its time, and responders are waited for. */
const withClock = (cost: Omit<Allowance, 'clockMs'>): Allowance => ({ ...cost, clockMs: 30_000 + 3 * cost.workMs });
