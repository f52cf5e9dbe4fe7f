import fs from 'node:fs';
import path from 'node:path';
import { Client } from 'minio';
import { writePrivate } from '../home';
import type { Server, ServerContext } from '../server';

export const objectStoreAccessKey = 'kense';
export const objectStoreRegion = 'us-east-1';
export const applicationBucket = 'kense';

/** http:// address of the S3 service. */
export function objectStoreEndpoint({ ports }: ServerContext): string {
  return `http://127.0.0.1:${ports['objects']}`;
}

function clientFor({ ports, secrets }: ServerContext): Client {
  return new Client({
    endPoint: '127.0.0.1',
    port: ports['objects']!,
    useSSL: false,
    accessKey: objectStoreAccessKey,
    secretKey: secrets.objectStore,
    region: objectStoreRegion,
    pathStyle: true,
  });
}

/** Puts, reads and removes an object: a store that lists buckets may still have nowhere to write. */
async function check(context: ServerContext): Promise<void> {
  const client = clientFor(context);
  if (!(await client.bucketExists(applicationBucket))) await client.makeBucket(applicationBucket, objectStoreRegion);
  await client.putObject(applicationBucket, '.ready', Buffer.from('ready'));
  await client.statObject(applicationBucket, '.ready');
  await client.removeObject(applicationBucket, '.ready');
}

const common = { name: 'objects', waitingFor: 'an object to be written and read back', check };

export const seaweedfs: Server = {
  ...common,
  title: 'Object store (SeaweedFS)',
  // Its volumes are closed within milliseconds; the 15 s it then spends waiting for its own connections are not waited for.
  stopGraceMs: 2_000,
  programs: ['weed'],
  portNames: ['objects', 'objects-rpc', 'weed-master', 'weed-master-rpc', 'weed-volume', 'weed-volume-rpc', 'weed-filer', 'weed-filer-rpc'],

  launch(context) {
    const { home, ports, secrets } = context;
    const data = path.join(home.data, 'seaweedfs');
    fs.mkdirSync(data, { recursive: true });
    const accounts = path.join(home.run, 'seaweedfs-s3.conf');
    writePrivate(
      accounts,
      JSON.stringify({
        identities: [
          {
            name: 'kense',
            credentials: [{ accessKey: objectStoreAccessKey, secretKey: secrets.objectStore }],
            actions: ['Admin', 'Read', 'Write', 'List', 'Tagging'],
          },
        ],
      }),
    );
    const args = [
      '-logtostderr=true',
      'server',
      `-dir=${data}`,
      '-ip=127.0.0.1',
      '-ip.bind=127.0.0.1',
      `-master.port=${ports['weed-master']}`,
      `-master.port.grpc=${ports['weed-master-rpc']}`,
      '-master.telemetry=false',
      '-master.volumeSizeLimitMB=1024',
      // One master has nobody to agree with: it is elected within moments instead of ten seconds.
      '-master.electionTimeout=300ms',
      '-master.heartbeatInterval=50ms',
      `-volume.port=${ports['weed-volume']}`,
      `-volume.port.grpc=${ports['weed-volume-rpc']}`,
      '-volume.max=0',
      '-volume.index=leveldb',
      '-volume.preStopSeconds=0',
      '-volume.minFreeSpace=200MiB',
      '-filer',
      `-filer.port=${ports['weed-filer']}`,
      `-filer.port.grpc=${ports['weed-filer-rpc']}`,
      '-s3',
      `-s3.port=${ports['objects']}`,
      `-s3.port.grpc=${ports['objects-rpc']}`,
      '-s3.port.iceberg=0',
      '-s3.port.lance=0',
      '-s3.iam=false',
      `-s3.config=${accounts}`,
    ];
    // One volume file a bucket instead of seven, and a soft limit for Go's heap.
    const env = { ...process.env, WEED_MASTER_VOLUME_GROWTH_COPY_1: '1', GOMEMLIMIT: '120MiB' };
    return { program: context.programs.get('weed')!, args, env, marker: `-dir=${data} ` };
  },
};

export const minio: Server = {
  ...common,
  title: 'Object store (MinIO)',
  stopGraceMs: 10_000,
  programs: ['minio'],
  portNames: ['objects', 'objects-console'],

  launch(context) {
    const data = path.join(context.home.data, 'minio');
    fs.mkdirSync(data, { recursive: true });
    return {
      program: context.programs.get('minio')!,
      args: [
        'server',
        '--quiet',
        '--address',
        `127.0.0.1:${context.ports['objects']}`,
        '--console-address',
        `127.0.0.1:${context.ports['objects-console']}`,
        data,
      ],
      env: {
        ...process.env,
        MINIO_ROOT_USER: objectStoreAccessKey,
        MINIO_ROOT_PASSWORD: context.secrets.objectStore,
        MINIO_REGION: objectStoreRegion,
        MINIO_BROWSER: 'off',
        MINIO_UPDATE: 'off',
        GOMEMLIMIT: '160MiB',
      },
      marker: data,
    };
  },
};
