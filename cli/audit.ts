import { readFileSync } from 'node:fs';
import { formatHead, type KeptHead, readHeads } from '../domain/audit/heads';
import { reasonOf } from '../domain/safe-error';
import { readConfig } from '../services/config';
import { loadPolicy } from '../services/signing/policy';
import { checkedTrust } from '../services/signing/trust';
import { policyFor, sentenceOf, verifyTimeStampToken } from '../signature';
import { type AuditFault, compareHeads, currentHeads, hashAt, type HeadFault, verifyAudit } from '../storage/audit-verify';
import { type HeadStore, openHeadStore } from '../storage/head-store';
import { auditConfirmations, rowsBefore } from '../storage/queries/audit-heads';
import { allAuditStamps, type AuditStamp } from '../storage/queries/evidence';
import { parseOptions, withDatabase } from './admin';
import { Usage } from './usage';
import type { Db } from '../storage/db';

/** A stamp is made every night; one night may be missed. Milliseconds. */
const stampAgeMs = 2 * 86_400_000;

type StampInput = Parameters<typeof verifyTimeStampToken>[2];
/** `at` is the instant the log is judged at: now, or when a copy of the database was made. */
export type AuditInput = Omit<StampInput, 'at'> & { at: Date; heads?: readonly KeptHead[]; store?: Pick<HeadStore, 'all'> };
export type AuditOutcome = { rows: number; stamps: number; heads: number; problems: string[] };

/**
 * Walks every audit log: its chain, the MACs of its rows, its time-stamps, and the heads that were kept outside. Every fault is one
 * sentence; none means that the log is as it was written.
 */
export async function checkAuditLog(db: Db, input: AuditInput): Promise<AuditOutcome> {
  const { rows, faults } = await verifyAudit(db);
  const problems = faults.map((f) => `organisation ${f.organisationId}, row ${f.seq}: ${explain[f.fault]}`);
  const stamps = await allAuditStamps(db);
  const newest = new Map<string, { seq: number; time: number }>();
  for (const stamp of [...stamps, ...(await auditConfirmations(db))]) {
    const checked = await checkStamp(db, stamp, input);
    if (checked.problem !== null) {
      problems.push(`organisation ${stamp.organisationId}, time-stamp of row ${stamp.seq}: ${checked.problem}`);
      continue;
    }
    const known = newest.get(stamp.organisationId);
    newest.set(stamp.organisationId, { seq: Math.max(stamp.seq, known?.seq ?? 0), time: Math.max(checked.time, known?.time ?? 0) });
  }
  const due = new Date(input.at.getTime() - stampAgeMs);
  for (const { organisationId, seq } of await rowsBefore(db, due)) {
    const stamp = newest.get(organisationId);
    if (!stamp) problems.push(`organisation ${organisationId}: rows older than two days and no time-stamp at all`);
    else if (stamp.seq < seq) problems.push(`organisation ${organisationId}: row ${seq} is older than two days and under no time-stamp`);
    else if (stamp.time < due.getTime())
      problems.push(
        `organisation ${organisationId}: the newest time-stamp is of ${new Date(stamp.time).toISOString()}; one is made every night, so rows may have been cut off since`,
      );
  }
  const kept = [...(input.heads ?? [])];
  if (input.store) {
    try {
      kept.push(...(await input.store.all()));
    } catch (error) {
      problems.push(`the heads kept in the object store cannot be read: ${reasonOf(error)}`);
    }
  }
  for (const { kept: head, fault } of await compareHeads(db, kept))
    problems.push(`organisation ${head.organisationId}, row ${head.seq} as kept on ${head.at}: ${explainHead[fault]}`);
  return { rows, stamps: stamps.length, heads: kept.length, problems };
}

async function checkStamp(db: Db, stamp: AuditStamp, input: StampInput): Promise<{ problem: string } | { problem: null; time: number }> {
  const hash = await hashAt(db, stamp.organisationId, stamp.seq);
  if (!hash?.equals(stamp.hash)) return { problem: 'the row it was made over is gone or was written anew' };
  const { code, detail, time } = verifyTimeStampToken(stamp.token, stamp.hash, input);
  if (code !== 'ok' || time === null) return { problem: `${sentenceOf(code)}${detail ? ` (${detail})` : ''}` };
  return { problem: null, time: new Date(time).getTime() };
}

const explain: Readonly<Record<AuditFault['fault'], string>> = {
  changed: 'its content does not fit its hash: it was changed',
  missing: 'a row before it is missing: it was removed',
  'broken-link': 'it does not continue the row before it: one of them was inserted or replaced',
  'head-mismatch': 'the newest row is not the one the chain ends with: rows were cut off or added',
  unkeyed: 'it carries no MAC: it was not written by this installation, or before the last migration had ended',
  forged: 'its MAC is not ours: it was written anew by somebody who has the database and not the secret',
  'unknown-key': 'its MAC is under a version of KENSE_SECRET_KEY that is not given',
  boundary: 'where rows with a MAC begin is not recorded, or not as this installation recorded it',
};

const explainHead: Readonly<Record<HeadFault['fault'], string>> = {
  gone: 'the row is gone: the log was cut off',
  'written-anew': 'the row is another one now: the log was written anew',
  'boundary-moved': 'rows with a MAC began elsewhere then',
};

/** `kense audit verify`: exit 0 when the log is whole, 1 when not, with every fault on a line of its own. */
export async function runAuditVerify(argv: readonly string[]): Promise<number> {
  const { words, values } = parseOptions(argv);
  const unknown = [...words, ...[...values.keys()].filter((name) => !['heads', 'at'].includes(name)).map((name) => `--${name}`)];
  if (unknown.length > 0) throw new Usage(`kense audit verify [--heads FILE] [--at TIME]: there is no ${unknown.join(', ')}`);
  const config = readConfig(process.env);
  const input: AuditInput = {
    at: readTime(values.get('at')),
    trust: checkedTrust(config),
    policy: policyFor('sign', loadPolicy(config.policyFile)),
    heads: readFile(values.get('heads')),
    store: openHeadStore({ ...config.objects, ...config.auditHeads }),
  };
  return withDatabase(config, async (db) => {
    const { rows, stamps, heads, problems } = await checkAuditLog(db, input);
    for (const problem of problems) console.log(problem);
    console.log(`${rows} rows read, ${stamps} time-stamps, ${heads} heads kept outside; ${problems.length} faults`);
    return problems.length === 0 ? 0 : 1;
  });
}

function readTime(text: string | undefined): Date {
  if (text === undefined) return new Date();
  const at = new Date(text);
  if (!/^\d{4}-\d\d-\d\dT/.test(text) || Number.isNaN(at.getTime())) throw new Usage('--at needs a time like 2026-07-21T09:00:00+05:00');
  return at;
}

function readFile(file: string | undefined): KeptHead[] {
  if (file === undefined) return [];
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Usage(`--heads: ${(error as Error).message}`);
  }
  const heads = readHeads(text);
  if (heads.length === 0) throw new Usage(`--heads: ${file} holds no line of the form kense-head …`);
  return heads;
}

/** `kense audit heads`: where every log stands, to be kept wherever whoever writes the database cannot write. */
export async function runAuditHeads(): Promise<number> {
  return withDatabase(readConfig(process.env), async (db) => {
    for (const head of await currentHeads(db, new Date())) console.log(formatHead(head));
    return 0;
  });
}
