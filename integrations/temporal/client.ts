import { Client, Connection } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { EncryptionCodec } from './data-converter';

export type TemporalOptions = { address: string; namespace: string };

/** Encryption shared by web and workers. */
export const dataConverter = (secret: Buffer): DataConverter => ({
  payloadCodecs: [new EncryptionCodec(secret)],
  failureConverterPath: require.resolve('./failure-converter'),
});

/** Opens a client that connects when first used: the web process starts, and pages are read, while Temporal is away. */
export function openTemporal(options: TemporalOptions, secret: Buffer): { client: Client; connection: Connection } {
  const connection = Connection.lazy({ address: options.address, connectTimeout: '3s' });
  return { connection, client: new Client({ connection, namespace: options.namespace, dataConverter: dataConverter(secret) }) };
}
