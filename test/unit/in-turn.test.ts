import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { inTurn, piecesInTurn } from '../../server/kit/in-turn';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what arrives at once is done one a turn, in order, and what comes between need not wait for all', async () => {
  const done: string[] = [];
  for (const name of ['a', 'b', 'c']) inTurn(() => done.push(name));
  expect(done).toEqual([]);
  await turn();
  inTurn(() => done.push('late'));
  expect(done).toEqual(['a']);
  for (let i = 0; i < 4; i++) await turn();
  expect(done).toEqual(['a', 'b', 'c', 'late']);
});

test('bodies pass whole, their pieces taking turns', async () => {
  const order: string[] = [];
  const bodies = ['a', 'b'].map((name) => {
    const source = new PassThrough();
    for (let i = 0; i < 3; i++) source.write(`${name}${i}`);
    source.end();
    const through = source.pipe(piecesInTurn());
    through.on('data', (chunk: Buffer) => order.push(String(chunk)));
    return buffer(through);
  });
  expect((await Promise.all(bodies)).map(String)).toEqual(['a0a1a2', 'b0b1b2']);
  expect(order).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2']);
});
