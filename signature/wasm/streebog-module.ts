import { doWhile, i32, i64, ModuleWriter, type Code, type Local } from './assembler';

const WORDS = 8;
const BLOCK = 64;

/** Where things lie in the module's memory, octets. */
export const LAYOUT = {
  tables: 0,
  constants: 0x4000,
  h: 0x4400,
  n: 0x4440,
  sum: 0x4480,
  zero: 0x44c0,
  scratch: 0x4600,
  input: 0x8000,
  inputBytes: 0x8000,
} as const;

export function streebogModule(): Uint8Array {
  const module = new ModuleWriter(1);
  const mode = process.env['MODE'] ?? 'A';
  const address0 = i32.const(0);
  module.func('compress', ['i32', 'i32', 'i32'], ([h, n, m], declare) => {
    const round = declare('i32');
    const w = Array.from({ length: 8 }, () => declare('i64'));
    const v = Array.from({ length: 8 }, () => declare('i64'));
    const k = declare('i64');
    const idx = (l: Local, i: number): Code => i32.and(i32.wrap(i === 0 ? i64.shl(l.get, i64.const(3)) : i64.shr_u(l.get, i64.const(8 * i - 3))), i32.const(0x7f8));
    const lookup = (from: number, regs: Local[], j: number, i: number): Code =>
      mode === 'A' || (mode === 'M' && (j & 1) === 0) || (mode === 'N' && j % 4 === 0)|| (mode === 'O' && j % 4 !== 0)
        ? i64.load(idx(regs[j]!, i), j * 2048)
        : i64.load(i32.shl(i32.load8_u(address0, from + 8 * j + i), i32.const(3)), j * 2048);
    const word = (from: number, regs: Local[], i: number): Code => {
      const l = Array.from({ length: 8 }, (_, j) => lookup(from, regs, j, i));
      return l.reduce((a, b) => i64.xor(a, b));
    };
    const KC = [LAYOUT.scratch, LAYOUT.scratch + 64], SX = [LAYOUT.scratch + 128, LAYOUT.scratch + 192];
    const all = (f: (i: number) => Code[]): Code[] => Array.from({ length: WORDS }, (_, i) => f(i)).flat();
    const loadRegs = (from: number, regs: Local[]) => mode === 'B' ? [] : regs.map((r, i) => r.set(i64.load(address0, from + 8 * i)));
    const half = (a: number, b: number, constant: number): Code[] => [
      ...loadRegs(KC[a]!, w),
      ...(mode === 'S' ? [] : loadRegs(SX[a]!, v)),
      ...all((i) => [
        k.set(word(KC[a]!, w, i)),
        i64.store(address0, i64.xor(k.get, i64.load(round.get, LAYOUT.constants + constant * 64 + 8 * i)), KC[b]! + 8 * i),
        i64.store(address0, i64.xor(k.get, word(SX[a]!, v, i)), SX[b]! + 8 * i),
      ]),
    ];
    return [
      ...all((i) => [i64.store(address0, i64.xor(i64.load(h!.get, 8 * i), i64.load(n!.get, 8 * i)), KC[1]! + 8 * i)]),
      ...loadRegs(KC[1]!, w),
      ...all((i) => [
        k.set(word(KC[1]!, w, i)),
        i64.store(address0, i64.xor(k.get, i64.load(address0, LAYOUT.constants + 8 * i)), KC[0]! + 8 * i),
        i64.store(address0, i64.xor(k.get, i64.load(m!.get, 8 * i)), SX[0]! + 8 * i),
      ]),
      round.set(i32.const(0)),
      doWhile([...half(0, 1, 1), ...half(1, 0, 2), round.set(i32.add(round.get, i32.const(2 * BLOCK)))], i32.ne(round.get, i32.const(12 * BLOCK))),
      ...all((i) => [
        i64.store(h!.get, [i64.load(h!.get, 8 * i), i64.load(m!.get, 8 * i), i64.load(address0, SX[0]! + 8 * i)].reduce((a, b) => i64.xor(a, b)), 8 * i),
      ]),
    ];
  });
  return module.bytes();
}
