import { readFileSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { SecretKeys } from '../../domain/secret-keys';
import { EncryptionCodec } from './data-converter';

/** PEM files of TLS; null: the system's authorities, the host of the address, no certificate of our own. */
export type TemporalTls = { caFile: string | null; certFile: string | null; keyFile: string | null; serverName: string | null };
export type TemporalOptions = {
  address: string;
  namespace: string;
  tls?: TemporalTls | null;
  apiKey?: string | null;
  /** Reads payloads of histories written before payloads were bound to their workflow; unencrypted ones are refused all the same. */
  readsOldPayloads?: boolean;
};

type Reading = Pick<TemporalOptions, 'readsOldPayloads'>;
const converter = (keys: SecretKeys, holdsWorkflows: boolean, { readsOldPayloads = false }: Reading): DataConverter => ({
  payloadCodecs: [new EncryptionCodec(keys, { readsOldPayloads, holdsWorkflows })],
  failureConverterPath: require.resolve('./failure-converter'),
});

/** Encryption of what clients send and read. */
export const clientConverter = (keys: SecretKeys, reading: Reading = {}): DataConverter => converter(keys, false, reading);
/** The same for workers. */
export const workerConverter = (keys: SecretKeys, reading: Reading = {}): DataConverter => converter(keys, true, reading);

/** How clients and workers alike reach the server; throws when a file cannot be read. TLS that is set is required. */
export function connectionOptions({ address, tls, apiKey }: TemporalOptions) {
  const { caFile, certFile, keyFile, serverName } = tls ?? {};
  return {
    address,
    tls: tls
      ? {
          ...(serverName ? { serverNameOverride: serverName } : {}),
          ...(caFile ? { serverRootCACertificate: readFileSync(caFile) } : {}),
          ...(certFile && keyFile ? { clientCertPair: { crt: readFileSync(certFile), key: readFileSync(keyFile) } } : {}),
        }
      : false,
    ...(apiKey ? { apiKey } : {}),
  };
}

/** Opens a client that connects when first used: the web process starts, and pages are read, while Temporal is away. */
export function openTemporal(options: TemporalOptions, keys: SecretKeys): { client: Client; connection: Connection } {
  const connection = Connection.lazy({ ...connectionOptions(options), connectTimeout: '3s' });
  return { connection, client: new Client({ connection, namespace: options.namespace, dataConverter: clientConverter(keys, options) }) };
}
