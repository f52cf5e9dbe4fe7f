import { randomBytes } from 'node:crypto';
import { Client } from 'minio';
import { serverEnv } from './servers';

/** A client of the run's object store, to look behind the application's back. */
export function objectClient(): Client {
  const env = serverEnv();
  const { hostname, port } = new URL(env['KENSE_S3_ENDPOINT']!);
  return new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey: env['KENSE_S3_ACCESS_KEY']!,
    secretKey: env['KENSE_S3_SECRET_KEY']!,
    region: env['KENSE_S3_REGION']!,
    pathStyle: true,
  });
}

/** Makes a bucket of its own for a test file and returns its name. */
export async function freshBucket(): Promise<string> {
  const name = `t-${randomBytes(8).toString('hex')}`;
  await objectClient().makeBucket(name, serverEnv()['KENSE_S3_REGION']);
  return name;
}
