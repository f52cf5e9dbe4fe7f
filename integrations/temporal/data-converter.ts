import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { temporal } from '@temporalio/proto';

const encoding = Buffer.from('binary/kense-aes-256-gcm');

/**
 * Encrypts every payload that leaves this process, so that remarks and e-mails never lie readable in Temporal's store. Layout: 12 bytes
 * nonce, 16 bytes tag, ciphertext of the encoded payload; the key is derived from the installation's secret.
 */
export class EncryptionCodec implements PayloadCodec {
  private readonly key: Buffer;

  constructor(secret: Buffer) {
    this.key = createHmac('sha256', secret).update('temporal-payloads').digest();
  }

  encode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.resolve(
      payloads.map((payload) => {
        const nonce = randomBytes(12);
        const cipher = createCipheriv('aes-256-gcm', this.key, nonce);
        const plain = temporal.api.common.v1.Payload.encode(payload).finish();
        const body = Buffer.concat([cipher.update(plain), cipher.final()]);
        return { metadata: { encoding }, data: Buffer.concat([nonce, cipher.getAuthTag(), body]) };
      }),
    );
  }

  decode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.resolve(
      payloads.map((payload) => {
        if (!payload.data || Buffer.compare(Buffer.from(payload.metadata?.encoding ?? []), encoding) !== 0) return payload;
        const data = Buffer.from(payload.data);
        const decipher = createDecipheriv('aes-256-gcm', this.key, data.subarray(0, 12));
        decipher.setAuthTag(data.subarray(12, 28));
        const plain = Buffer.concat([decipher.update(data.subarray(28)), decipher.final()]);
        return temporal.api.common.v1.Payload.decode(plain);
      }),
    );
  }
}
