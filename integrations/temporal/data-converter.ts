import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { firstSecretVersion, readSecretVersion, type SecretKeys } from '../../domain/secret-keys';

/** What is written: encrypted and bound to its workflow. */
const boundEncoding = 'binary/kense-aes-256-gcm-bound';
/** What releases up to 0.2 wrote: encrypted with the first secret, but good in every workflow. */
const oldEncoding = 'binary/kense-aes-256-gcm';
/** What Temporal's own converters read as `undefined`: no value. */
const nothing: Payload = { metadata: { encoding: Buffer.from('binary/null') } };

/** The owner of the payloads is not known, so they cannot be bound to it and may not leave. */
export class UnboundPayload extends Error {}
/** The payload was not encrypted here, or not for the workflow it came by. */
export class RefusedPayload extends Error {}

/** `holdsWorkflows`: this process runs workflows, which must go on when somebody sends them what is refused. */
export type CodecOptions = { readsOldPayloads: boolean; holdsWorkflows: boolean };

/**
 * Encrypts every payload that leaves this process, so that remarks and e-mails never lie readable in Temporal's store, and refuses every
 * payload that was not encrypted here: whoever reaches Temporal's port can neither write a command of his own nor repeat somebody's
 * command for another document.
 *
 * Layout: 12 bytes nonce, 16 bytes tag, ciphertext of the encoded payload; the key is derived from the version of the installation's
 * secret that the metadata name. The associated data bind a payload to that version, to the id of its workflow, and to its side of the
 * workflow: what an activity was given or answered is no message to the workflow. They do not hold the namespace (a history may be
 * restored into another; ids hold ULIDs, which no two installations share), nor the run (continue-as-new hands its input on), nor the
 * activity's id, which differs between the sides.
 *
 * A refused payload is an error for a client and for an activity. To a workflow it is as if no value had been sent, which anybody can do
 * anyway: an error would fail the whole workflow task, and be repeated for ever. A signal that wants no value goes on without it; who
 * wants one, as every Update does, refuses in its validator, before anything is accepted.
 */
export class EncryptionCodec implements PayloadCodec {
  constructor(
    private readonly keys: SecretKeys,
    private readonly options: CodecOptions,
  ) {}

  encode(payloads: Payload[], context?: SerializationContext): Promise<Payload[]> {
    return inPromise(() => payloads.map((payload) => this.seal(payload, context)));
  }

  decode(payloads: Payload[], context?: SerializationContext): Promise<Payload[]> {
    return inPromise(() => payloads.map((payload) => this.read(payload, context)));
  }

  private seal(payload: Payload, context?: SerializationContext): Payload {
    const key = this.keyOf(this.keys.newest);
    const owner = ownerOf(context);
    if (!key || !owner) throw new UnboundPayload('a payload without a workflow cannot be encrypted');
    const version = String(this.keys.newest);
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(associated(version, owner));
    const plain = temporal.api.common.v1.Payload.encode(payload).finish();
    const body = Buffer.concat([cipher.update(plain), cipher.final()]);
    const metadata = { encoding: Buffer.from(boundEncoding), key: Buffer.from(version) };
    return { metadata, data: Buffer.concat([nonce, cipher.getAuthTag(), body]) };
  }

  private read(payload: Payload, context?: SerializationContext): Payload {
    const opened = this.open(payload, context);
    if (opened) return opened;
    if (this.options.holdsWorkflows && context?.type === 'workflow') return nothing;
    throw new RefusedPayload('a payload was not encrypted by this installation for this workflow');
  }

  private open({ metadata, data }: Payload, context?: SerializationContext): Payload | null {
    const encoding = textOf(metadata?.encoding);
    if (encoding === oldEncoding) return this.options.readsOldPayloads ? decrypt(this.keyOf(firstSecretVersion), data, null) : null;
    const owner = ownerOf(context);
    const named = textOf(metadata?.key);
    const version = readSecretVersion(named);
    if (encoding !== boundEncoding || !owner || version === null) return null;
    return decrypt(this.keyOf(version), data, associated(named, owner));
  }

  private keyOf(version: number): Buffer | null {
    const secret = this.keys.byVersion.get(version);
    return secret ? createHmac('sha256', secret).update('temporal-payloads').digest() : null;
  }
}

/** What is thrown rejects, as the SDK expects of a codec. */
const inPromise = <T>(work: () => T): Promise<T> => new Promise((resolve) => resolve(work()));

/** Workflow and side a payload belongs to; null for what has no workflow. */
const ownerOf = (context: SerializationContext | undefined): [string, string] | null =>
  context?.workflowId ? [context.type, context.workflowId] : null;

const associated = (version: string, owner: [string, string]): Buffer => Buffer.from(JSON.stringify([boundEncoding, version, ...owner]));

const textOf = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('latin1');

function decrypt(key: Buffer | null, sealed: Uint8Array | null | undefined, bound: Buffer | null): Payload | null {
  const data = Buffer.from(sealed ?? []);
  if (!key || data.length < 28) return null;
  const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, 12), { authTagLength: 16 });
  if (bound) decipher.setAAD(bound);
  decipher.setAuthTag(data.subarray(12, 28));
  try {
    return temporal.api.common.v1.Payload.decode(Buffer.concat([decipher.update(data.subarray(28)), decipher.final()]));
  } catch {
    return null; // made with another key, for another workflow, or changed on the way
  }
}
