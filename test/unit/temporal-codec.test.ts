import { randomBytes, createCipheriv, createHmac } from 'node:crypto';
import type { Payload, SerializationContext } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { firstSecretVersion, type SecretKeys } from '../../domain/secret-keys';
import { EncryptionCodec, RefusedPayload, UnboundPayload } from '../../integrations/temporal/data-converter';

const [first, second] = [randomBytes(32), randomBytes(32)];
const keysOf = (...versions: [number, Buffer][]): SecretKeys => ({
  newest: Math.max(...versions.map(([version]) => version)),
  byVersion: new Map(versions),
});
const keys = keysOf([1, first]);
const codec = (of: SecretKeys = keys, options: { readsOldPayloads?: boolean; holdsWorkflows?: boolean } = {}) =>
  new EncryptionCodec(of, { readsOldPayloads: false, holdsWorkflows: false, ...options });
const workflow = (workflowId: string): SerializationContext => ({ type: 'workflow', namespace: 'kense', workflowId });
const activity = (workflowId?: string): SerializationContext => ({
  type: 'activity',
  namespace: 'kense',
  activityId: '7',
  isLocal: false,
  ...(workflowId ? { workflowId } : {}),
});
const plain: Payload = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"kind":"withdraw"}') };
const textOf = ([payload]: Payload[]): string => Buffer.from(payload?.data ?? []).toString();

/** As releases up to 0.2 wrote it. */
function asBefore(payload: Payload, secret: Buffer): Payload {
  const key = createHmac('sha256', secret).update('temporal-payloads').digest();
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const body = Buffer.concat([cipher.update(temporal.api.common.v1.Payload.encode(payload).finish()), cipher.final()]);
  return {
    metadata: { encoding: Buffer.from('binary/kense-aes-256-gcm') },
    data: Buffer.concat([nonce, cipher.getAuthTag(), body]),
  };
}

test('what was written for a workflow is read there, whatever the namespace', async () => {
  const sealed = await codec().encode([plain], workflow('route-A-1'));
  expect(Buffer.from(sealed[0]?.data ?? []).includes('withdraw')).toBe(false);
  expect(textOf(await codec().decode(sealed, { ...workflow('route-A-1'), namespace: 'restored' }))).toBe('{"kind":"withdraw"}');
});

test.each<[string, SerializationContext | undefined]>([
  ['for another workflow', workflow('route-B-1')],
  ['as what an activity of the same workflow is given', activity('route-A-1')],
  ['for no workflow at all', undefined],
  ['by an activity without a workflow', activity()],
])('it is refused %s', async (_what, context) => {
  const sealed = await codec().encode([plain], workflow('route-A-1'));
  await expect(codec().decode(sealed, context)).rejects.toThrow(RefusedPayload);
});

test('what an activity answered is no message to its workflow', async () => {
  const sealed = await codec().encode([plain], activity('route-A-1'));
  expect(textOf(await codec().decode(sealed, { ...activity('route-A-1'), activityId: '9', isLocal: true } as SerializationContext))).toBe(
    '{"kind":"withdraw"}',
  );
  await expect(codec().decode(sealed, workflow('route-A-1'))).rejects.toThrow(RefusedPayload);
});

test.each<[string, () => Payload]>([
  ['without encryption', () => plain],
  ['without metadata', () => ({ data: Buffer.from('x') })],
  ['of another installation', () => asBefore(plain, second)],
  ['too short to hold a tag', () => ({ metadata: { encoding: Buffer.from('binary/kense-aes-256-gcm-bound'), key: Buffer.from('1') } })],
])('a payload %s is refused, also where old ones are read', async (_what, made) => {
  for (const readsOldPayloads of [false, true])
    await expect(codec(keys, { readsOldPayloads }).decode([made()], workflow('route-A-1'))).rejects.toThrow(RefusedPayload);
});

test('payloads of old histories are read only where the installation says so', async () => {
  const old = asBefore(plain, first);
  await expect(codec().decode([old], workflow('route-A-1'))).rejects.toThrow(RefusedPayload);
  expect(textOf(await codec(keys, { readsOldPayloads: true }).decode([old], workflow('route-A-1')))).toBe('{"kind":"withdraw"}');
});

test('a workflow goes on without what was refused, its activities do not', async () => {
  const worker = codec(keys, { holdsWorkflows: true });
  const [nothing] = await worker.decode([plain], workflow('route-A-1'));
  expect(Buffer.from(nothing?.metadata?.['encoding'] ?? []).toString()).toBe('binary/null');
  await expect(worker.decode([plain], activity('route-A-1'))).rejects.toThrow(RefusedPayload);
});

test('nothing leaves that cannot be bound to a workflow', async () => {
  await expect(codec().encode([plain])).rejects.toThrow(UnboundPayload);
  await expect(codec().encode([plain], activity())).rejects.toThrow(UnboundPayload);
  expect(await codec().encode([])).toEqual([]);
});

test('after the secret was replaced the newest writes and all at hand are read', async () => {
  const before = await codec(keysOf([1, first])).encode([plain], workflow('route-A-1'));
  const both = keysOf([firstSecretVersion, first], [2, second]);
  const after = await codec(both).encode([plain], workflow('route-A-1'));
  expect(textOf(await codec(both).decode(before, workflow('route-A-1')))).toBe('{"kind":"withdraw"}');
  expect(textOf(await codec(keysOf([2, second])).decode(after, workflow('route-A-1')))).toBe('{"kind":"withdraw"}');
  await expect(codec(keysOf([2, second])).decode(before, workflow('route-A-1'))).rejects.toThrow(RefusedPayload);
  const renamed = [{ ...after[0], metadata: { ...after[0]?.metadata, key: Buffer.from('1') } }];
  await expect(codec(both).decode(renamed, workflow('route-A-1'))).rejects.toThrow(RefusedPayload);
});
