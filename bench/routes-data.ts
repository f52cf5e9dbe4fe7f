import { randomBytes } from 'node:crypto';
import type { Member } from '../domain/people/roles';
import { hashPassword } from '../services/accounts/passwords';
import { newId } from '../storage/ids';
import { insertDocument } from '../storage/queries/documents';
import { createPerson, ensureOrganisation, insertMembership } from '../storage/queries/people';
import { type Db, transactions } from '../storage/db';

export const password = 'Correct-horse-1';
export type BenchPerson = Member & { login: string };

/** An organisation of its own with this many people who can sign in. */
export async function makePeople(db: Db, count: number): Promise<BenchPerson[]> {
  const passwordHash = await hashPassword(password);
  const now = new Date();
  return transactions(db)(async (tx) => {
    const organisationId = await ensureOrganisation(tx, { bin: '150340010215', name: 'ТОО «Алатау»' }, now);
    const people: BenchPerson[] = [];
    for (let i = 0; i < count; i++) {
      const login = `bench.${i}`;
      const person = { name: `Person ${i}`, email: `person-${i}@alatau.kz`, iin: `90010130000${i}` };
      const made = await createPerson(tx, person, { login, source: 'local', passwordHash }, now);
      if (made === 'taken') throw new Error(`${login} exists`);
      await insertMembership(tx, { organisationId, ...made, role: 'employee', roleSource: 'hand', position: '' }, now);
      people.push({ kind: 'member', personId: made.personId, organisationId, role: 'employee', login });
    }
    return people;
  });
}

/** A draft with a route of one stage that all of `approvers` must approve; returns its id. Its file has no bytes: nobody reads them here. */
export async function makeDraft(db: Db, initiator: BenchPerson, approvers: readonly BenchPerson[]): Promise<string> {
  const id = newId();
  await transactions(db)((tx) =>
    insertDocument(
      tx,
      {
        id,
        organisationId: initiator.organisationId,
        initiatorId: initiator.personId,
        title: 'Contract',
        kind: 'contract',
        direction: 'internal',
        routeDraft: {
          stages: [
            { kind: 'approve', rule: 'all', due: null, people: approvers.map(({ personId }) => ({ kind: 'member' as const, personId })) },
          ],
          message: '',
          remindDays: null,
        },
        checkHash: randomBytes(32),
        file: {
          id: newId(),
          name: 'contract.pdf',
          mediaType: 'application/pdf',
          sizeBytes: 1,
          sha256: randomBytes(32),
          streebog512: randomBytes(64),
          objectKey: `files/${id}`,
        },
      },
      new Date(),
    ),
  );
  return id;
}
