import { randomBytes } from 'node:crypto';
import { toHex } from '../../signature/bytes';
import { Streebog } from '../../signature/gost/streebog';
import { createStreebog } from '../../signature/gost/streebog-fast';

/** Lengths on both sides of every border: of a block, of the window of the module's memory. */
const lengths = [...Array.from({ length: 200 }, (_, n) => n), 32767, 32768, 32769, 32831, 65535, 65536, 100_001];

describe('Streebog in WebAssembly', () => {
  test.each([512, 256] as const)('%d bits: equals the plain one for every length', (bits) => {
    expect(createStreebog(bits)).not.toBeInstanceOf(Streebog);
    for (const length of lengths) {
      const data = randomBytes(length);
      expect(toHex(createStreebog(bits).update(data).digest())).toBe(toHex(new Streebog(bits).update(data).digest()));
    }
  });

  test('equals the plain one however the data is cut, hashers in turns', () => {
    const data = randomBytes(150_000);
    const fast = [createStreebog(512), createStreebog(256)];
    const plain = [new Streebog(512), new Streebog(256)];
    const cuts = [0, 1, 63, 64, 65, 127, 128, 4096, 32768, 32768, 1, 70_000, 7];
    let at = 0;
    for (const cut of [...cuts, data.length]) {
      const piece = data.subarray(at, at + cut);
      for (const hasher of [...fast, ...plain]) hasher.update(piece);
      at += cut;
    }
    expect(fast.map((hasher) => toHex(hasher.digest()))).toEqual(plain.map((hasher) => toHex(hasher.digest())));
  });

  test('carries through the whole sum of the blocks', () => {
    const data = new Uint8Array(64 * 7).fill(0xff);
    data[64] = 1; // FF…FF + 00…01 and later carries that run through every word
    data.fill(0, 65, 128);
    expect(toHex(createStreebog(512).update(data).digest())).toBe(toHex(new Streebog(512).update(data).digest()));
  });

  test('data inside a larger buffer is read from its own offset', () => {
    const buffer = randomBytes(1000);
    const view = buffer.subarray(13, 713);
    expect(toHex(createStreebog(512).update(view).digest())).toBe(toHex(new Streebog(512).update(Uint8Array.from(view)).digest()));
  });
});
