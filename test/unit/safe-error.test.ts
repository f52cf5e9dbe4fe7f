import { Writable } from 'node:stream';
import { defaultPayloadConverter } from '@temporalio/common';
import { ApplicationFailure } from '@temporalio/workflow';
import { describeError, printError, reasonOf, withoutValues } from '../../domain/safe-error';
import { failureConverter } from '../../integrations/temporal/failure-converter';
import { openLog } from '../../services/log';

const secrets = ['900101300017', 'aidar@alatau.kz', 'hunter2', '$argon2id$v=19$abc', 'INSERT INTO'];
const nothingOf = (text: string): void => {
  for (const secret of secrets) expect(text).not.toContain(secret);
};

/** As Sequelize throws it: the driver's error as `parent` and `original`, the statement on each of them. */
function databaseError(sqlMessage: string): Error {
  const sql = `INSERT INTO people (iin, email) VALUES ('900101300017', 'aidar@alatau.kz', 'hunter2', '$argon2id$v=19$abc')`;
  const parent = Object.assign(new Error(sqlMessage), {
    code: 'ER_DUP_ENTRY',
    errno: 1062,
    sqlState: '23000',
    sqlMessage,
    sql,
    parameters: secrets,
  });
  const error = Object.assign(new Error(sqlMessage), { parent, original: parent, sql, parameters: secrets, fields: { iin: secrets[0] } });
  error.name = 'SequelizeUniqueConstraintError';
  return error;
}

const duplicate = databaseError("Duplicate entry '900101300017-aidar@alatau.kz-hunter2' for key 'people.people_iin'");

/** What a logger writes of these facts. */
function logged(write: (log: ReturnType<typeof openLog>) => void): string {
  let text = '';
  const to = new Writable({ write: (chunk: Buffer, _encoding, done) => ((text += chunk.toString()), done()) });
  write(openLog({ logLevel: 'debug' }, 'test', to));
  return text;
}

test('of a database error the code, the number, the key and the place in the code are left', () => {
  const described = describeError(duplicate);
  expect(described).toMatchObject({
    type: 'SequelizeUniqueConstraintError',
    message: 'ER_DUP_ENTRY (key people.people_iin)',
    code: 'ER_DUP_ENTRY',
    errno: 1062,
  });
  expect(described.stack).toMatch(/^\s+at .*safe-error\.test/);
  nothingOf(JSON.stringify(described));
});

test.each([
  "Unknown column 'hunter2' in 'where clause'",
  "Incorrect integer value: 'hunter2' for column `kense`.`people`.`iin` at row 1",
  "You have an error in your SQL syntax near ''hunter2' at line 1",
  "Data too long for column 'name' at row 1",
  "Duplicate entry 'hunter2' for key 'x' for key 'people.people_iin'",
])('no value is left of "%s"', (sentence) => {
  nothingOf(JSON.stringify(describeError(databaseError(sentence))));
  nothingOf(reasonOf(databaseError(sentence)));
  nothingOf(printError(databaseError(sentence)));
});

test.each<[string, (log: ReturnType<typeof openLog>) => void]>([
  ['as err', (log) => log.error({ err: duplicate }, 'request failed')],
  ['by itself', (log) => log.error(duplicate)],
  ['as err without a sentence', (log) => log.error({ err: duplicate })],
  ['under another name', (log) => log.warn({ error: duplicate }, 'Activity failed')],
  ['deep in facts', (log) => log.warn({ activity: { attempts: [{ error: duplicate }] } }, 'Activity failed')],
  ['as a cause', (log) => log.warn({ err: new Error('the command failed', { cause: duplicate }) }, 'x')],
  ['as a reason', (log) => log.warn({ reason: 'refused for aidar@alatau.kz, 900101300017' }, 'x')],
  ['in the sentence', (log) => log.warn('refused for aidar@alatau.kz, 900101300017')],
  ['by a child', (log) => log.child({ requestId: 'a' }).error({ err: duplicate }, 'x')],
])('a log holds no statement and no value, logged %s', (_how, write) => {
  const line = logged(write);
  expect(line).not.toBe('');
  nothingOf(line);
  expect(line).not.toMatch(/"(sql|parameters|parent|original|sqlMessage)"/);
});

test('what is no error is logged as it is', () => {
  const line = JSON.parse(
    logged((log) => log.info({ path: '/documents/01M87771AHX676BZYNPDFANG2N', ms: 3, at: new Date(0) }, 'request')),
  ) as object;
  expect(line).toMatchObject({ path: '/documents/01M87771AHX676BZYNPDFANG2N', ms: 3, at: '1970-01-01T00:00:00.000Z', msg: 'request' });
});

test('an error that is its own cause comes to an end', () => {
  const error = new Error('round');
  error.cause = error;
  expect(JSON.stringify(describeError(error)).length).toBeLessThan(20_000);
});

test('a failure of an activity carries no value into Temporal, a refusal of ours its code', () => {
  const made = failureConverter.errorToFailure(new Error('no', { cause: duplicate }), defaultPayloadConverter);
  const kept = JSON.stringify(made, (_key, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString() : value));
  const data = [made, made.cause].map((one) => Buffer.from(one?.encodedAttributes?.data ?? []).toString()).join('\n');
  nothingOf(kept + data);
  expect(data).toContain('ER_DUP_ENTRY');
  const refused = failureConverter.errorToFailure(ApplicationFailure.nonRetryable('route.not_asked', 'Refused'), defaultPayloadConverter);
  expect(Buffer.from(refused.encodedAttributes?.data ?? []).toString()).toContain('route.not_asked');
});

test.each([
  ['a mail of aidar@alatau.kz', 'a mail of …@…'],
  ['IIN 900101300017.', 'IIN ….'],
  ['GET /invitations/AbCdEfGhIjKlMnOpQrStUv', 'GET /invitations/…'],
  ['sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', 'sha256 …'],
  ['route-01M87771AHX676BZYNPDFANG2N-1', 'route-01M87771AHX676BZYNPDFANG2N-1'],
  ['after 1234567890123 ms', 'after 1234567890123 ms'],
])('"%s" becomes "%s"', (text, shown) => {
  expect(withoutValues(text)).toBe(shown);
});
