import type { AddressInfo } from 'node:net';
import { createServer } from 'mysql2';
import { isDatabaseAway, openDatabase, pingDatabase } from '../../storage/db';

/** The driver's server, which its types describe in part. */
type Listening = {
  _server: { address(): AddressInfo };
  listen(port: number, host: string, done: () => void): void;
  close(done: () => void): void;
};

test('a server that greets and then says nothing is given up, and counts as away', async () => {
  const frozen = createServer((connection) => {
    connection.on('error', () => undefined);
    connection.serverHandshake({
      protocolVersion: 10,
      serverVersion: '8.0.0',
      connectionId: 1,
      statusFlags: 2,
      characterSet: 45,
      capabilityFlags: 0xffffff & ~0x800, // no TLS
      authCallback: (_given: unknown, done: (error: null, mayEnter: null) => void) => done(null, null),
    });
    connection.on('query', () => undefined);
  });
  await new Promise<void>((resolve) => (frozen as unknown as Listening).listen(0, '127.0.0.1', resolve));
  const { port } = (frozen as unknown as Listening)._server.address();
  const db = openDatabase({ url: `mysql://kense:x@127.0.0.1:${port}/kense`, poolMax: 1 });
  try {
    const error = await pingDatabase(db).catch((reason: unknown) => reason);
    expect(isDatabaseAway(error)).toBe(true);
  } finally {
    await db.destroy();
    (frozen as unknown as Listening).close(() => undefined);
  }
});
