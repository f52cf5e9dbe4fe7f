import { createHash } from 'node:crypto';
import { verdictOf } from '../verify/codes';
import type { Policy } from '../verify/policy';
import { verifyTimeStampToken, type TokenReport } from '../verify/token';
import type { Work } from '../work';
import type { TrustStore } from '../x509/trust';

/**
 * The excerpt of the audit log is JSON lines in the order of the log. A row of the document stands in full:
 * `{"seq":7,"row":[organisation,seq,at,actor kind,actor id,actor name,action,entity kind,entity id,command,details],"prev":hex,"hash":hex}`
 * with hash = SHA-256(SHA-256(JSON of row) ‖ prev). Of a row about something else stands only the digest of its content,
 * `{"seq":8,"content":hex}`: it links the rows before it to the head that a time-stamp covers and tells nothing. Rows written before
 * this form have hash = SHA-256(JSON of row with the hex of prev as its last element); of a foreign one the hash alone can be
 * given, `{"seq":9,"hash":hex}`, so nothing before it is linked to what follows.
 */
export interface AuditCheck {
  /** Rows of the document in the excerpt, and how many of them a good time-stamp covers. */
  readonly rows: number;
  readonly stampedRows: number;
  /** `changed`: a row, a link or a token contradicts another. */
  readonly result: 'whole' | 'changed';
  readonly faults: readonly string[];
  readonly stamps: readonly (TokenReport & { readonly seq: number })[];
}

export interface AuditInput {
  readonly at: Date;
  readonly trust: TrustStore;
  readonly policy: Policy;
  /** Tokens by the sequence number of the row whose hash they stamp. */
  readonly stamps: ReadonlyMap<number, Uint8Array>;
  /** What the walk may cost; time-stamps have a budget each unless given. */
  readonly work?: Work;
}

const MAX_LINE = 1 << 20;
const MAX_FAULTS = 20;
const ROW_FIELDS = 11;

/** Walks an excerpt line by line; nothing of it is held but the rows not yet covered. Throws for what the lines hold only when the budget is used up. */
export class AuditWalk {
  private readonly faults: string[] = [];
  private readonly stamps: (TokenReport & { seq: number })[] = [];
  private previous: { seq: number; hash: Buffer } | undefined;
  private rows = 0;
  private stampedRows = 0;
  /** Rows of the document that no token has covered yet, linked to what is read now. */
  private waiting = 0;

  constructor(private readonly input: AuditInput) {}

  /** Takes the next line. */
  line(text: string): void {
    this.input.work?.spend('values');
    const line = readLine(text);
    if (!line) return this.fault(`line after ${this.previous?.seq ?? 0} cannot be read`);
    const last = this.previous;
    if (last && line.seq <= last.seq) return this.fault(`row ${line.seq} stands after row ${last.seq}`);
    const follows = last !== undefined && line.seq === last.seq + 1;
    if (!follows) this.waiting = 0;
    const hash = line.kind === 'row' ? this.row(line, follows ? last.hash : undefined) : this.link(line, follows ? last.hash : undefined);
    if (!hash) return;
    this.previous = { seq: line.seq, hash };
    this.stamp(line.seq, hash);
  }

  /** The outcome after the last line. */
  finish(): AuditCheck {
    const { faults, stamps, rows, stampedRows } = this;
    const unread = [...this.input.stamps.keys()].filter((seq) => !stamps.some((stamp) => stamp.seq === seq));
    for (const seq of unread) this.fault(`the time-stamp of row ${seq} covers nothing in the excerpt`);
    return { rows, stampedRows, result: faults.length > 0 ? 'changed' : 'whole', faults, stamps };
  }

  private row({ seq, row, prev, hash }: RowLine, before: Buffer | undefined): Buffer | undefined {
    this.rows++;
    if (row[1] !== seq) this.fault(`row ${seq} says it is row ${String(row[1])}`);
    if (before && !before.equals(prev)) this.fault(`row ${seq} does not follow the row before it`);
    if (!hashOf(contentOf(row), prev).equals(hash) && !earlierHashOf(row, prev).equals(hash)) {
      this.fault(`row ${seq} was changed`);
      return undefined;
    }
    this.waiting++;
    return hash;
  }

  private link({ seq, content, hash }: LinkLine, before: Buffer | undefined): Buffer | undefined {
    if (content && before) return hashOf(content, before);
    if (content) this.fault(`the link ${seq} hangs on nothing`);
    this.waiting = 0;
    return hash;
  }

  private stamp(seq: number, hash: Buffer): void {
    const token = this.input.stamps.get(seq);
    if (!token) return;
    const report = verifyTimeStampToken(token, hash, this.input);
    this.stamps.push({ ...report, seq });
    if (verdictOf(report.code) === 'invalid') this.fault(`the time-stamp of row ${seq}: ${report.code}`);
    if (report.result !== 'pass') return;
    this.stampedRows += this.waiting;
    this.waiting = 0;
  }

  private fault(what: string): void {
    if (this.faults.length < MAX_FAULTS) this.faults.push(what);
  }
}

/** Digest of what a row says, without its place in the chain. */
const contentOf = (row: readonly unknown[]): Buffer => createHash('sha256').update(JSON.stringify(row)).digest();
const hashOf = (content: Buffer, prev: Buffer): Buffer => createHash('sha256').update(content).update(prev).digest();
const earlierHashOf = (row: readonly unknown[], prev: Buffer): Buffer =>
  createHash('sha256')
    .update(JSON.stringify([...row, prev.toString('hex')]))
    .digest();

type RowLine = { kind: 'row'; seq: number; row: readonly unknown[]; prev: Buffer; hash: Buffer };
type LinkLine = { kind: 'link'; seq: number; content: Buffer | undefined; hash: Buffer | undefined };

function readLine(text: string): RowLine | LinkLine | undefined {
  if (text.length > MAX_LINE) return undefined;
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof line !== 'object' || line === null) return undefined;
  const { seq, row, prev, hash, content } = line as Record<string, unknown>;
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 1) return undefined;
  if (row !== undefined) {
    const [before, own] = [hex32(prev), hex32(hash)];
    return isRow(row) && before && own ? { kind: 'row', seq, row, prev: before, hash: own } : undefined;
  }
  const link = { content: hex32(content), hash: hex32(hash) };
  return link.content || link.hash ? { kind: 'link', seq, ...link } : undefined;
}

const isRow = (row: unknown): row is readonly unknown[] =>
  Array.isArray(row) &&
  row.length === ROW_FIELDS &&
  row.every((field, i) => (i === 1 ? typeof field === 'number' : typeof field === 'string'));

const hex32 = (value: unknown): Buffer | undefined =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? Buffer.from(value, 'hex') : undefined;
