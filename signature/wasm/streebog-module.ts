import { call, doWhile, i32, i64, ModuleWriter, type Code } from './assembler';

const WORDS = 8;
const BLOCK = 64;
const ROUNDS = 12;

/** Where things lie in the module's memory, in octets; vectors are eight little-endian words of 64 bits. */
export const STREEBOG_LAYOUT = {
  /** Eight tables of 256 words: L after P after S of one octet at each of the eight places. */
  tables: 0,
  /** C1…C12, then one vector of zeros, for the key that no round follows. */
  constants: 0x4000,
  /** Chaining value, length hashed so far in bits, sum of the blocks. */
  h: 0x4400,
  length: 0x4440,
  sum: 0x4480,
  zero: 0x44c0,
  input: 0x8000,
  inputBytes: 0x8000,
} as const;

/** Inputs of the two substitutions of a round, twice: a round reads one pair and writes the other. */
const KEY_INPUT = [0x4500, 0x4540] as const;
const STATE_INPUT = [0x4580, 0x45c0] as const;

const base = i32.const(0);
const eachWord = (write: (i: number) => readonly Code[]): Code[] => Array.from({ length: WORDS }, (_, i) => write(i)).flat();
const word = (vector: number, i: number): Code => i64.load(base, vector + 8 * i);
const setWord = (vector: number, i: number, value: Code): Code => i64.store(base, value, vector + 8 * i);
const xor = (...terms: readonly Code[]): Code => terms.reduce((a, b) => i64.xor(a, b));

/** Word i of LPS(vector): octet i of each of its words looked up in the table of its place. */
function substituted(vector: number, i: number): Code {
  const lookUp = (j: number): Code =>
    i64.load(i32.shl(i32.load8_u(base, vector + 8 * j + i), i32.const(3)), STREEBOG_LAYOUT.tables + j * 0x800);
  return xor(...Array.from({ length: WORDS }, (_, j) => lookUp(j)));
}

/**
 * The module of Streebog's compression function, RFC 6986 §6.6: `compress(n, m)` works on the vectors at two addresses, `absorb(count)`
 * on `count` ≥ 1 blocks of the input with all that §7 keeps beside them. Every word is stored at once, to be read by octets in the next
 * round: compilers else keep all sixty-four look-ups of a round alive. Addresses depend on the data, which here is no secret.
 */
export function streebogModule(): Uint8Array {
  const { constants, h, length, sum, input } = STREEBOG_LAYOUT;
  const module = new ModuleWriter(1);

  const compress = module.func('compress', ['i32', 'i32'], ([n, m], declare) => {
    const constant = declare('i32');
    const key = declare('i64');
    /** One round of E together with the key of the next: LPS of the key and of the state side by side keep the processor busy. */
    const round = (from: 0 | 1, to: 0 | 1, nextConstant: number): Code[] =>
      eachWord((i) => [
        key.set(substituted(KEY_INPUT[from], i)),
        setWord(KEY_INPUT[to], i, xor(key.get, i64.load(constant.get, nextConstant * BLOCK + 8 * i))),
        setWord(STATE_INPUT[to], i, xor(key.get, substituted(STATE_INPUT[from], i))),
      ]);
    return [
      ...eachWord((i) => [setWord(KEY_INPUT[1], i, xor(word(h, i), i64.load(n!.get, 8 * i)))]),
      ...eachWord((i) => [
        key.set(substituted(KEY_INPUT[1], i)),
        setWord(KEY_INPUT[0], i, xor(key.get, word(constants, i))),
        setWord(STATE_INPUT[0], i, xor(key.get, i64.load(m!.get, 8 * i))),
      ]),
      constant.set(i32.const(constants)),
      doWhile(
        [...round(0, 1, 1), ...round(1, 0, 2), constant.set(i32.add(constant.get, i32.const(2 * BLOCK)))],
        i32.ne(constant.get, i32.const(constants + ROUNDS * BLOCK)),
      ),
      ...eachWord((i) => [setWord(h, i, xor(word(h, i), i64.load(m!.get, 8 * i), word(STATE_INPUT[0], i)))]),
    ];
  });

  module.func('absorb', ['i32'], ([count], declare) => {
    const block = declare('i32');
    const carry = declare('i64');
    const term = declare('i64');
    const total = declare('i64');
    return [
      block.set(i32.const(input)),
      doWhile(
        [
          call(compress, i32.const(length), block.get),
          setWord(length, 0, i64.add(word(length, 0), i64.const(BLOCK * 8))), // 2^64 bits are never reached
          carry.set(i64.const(0)),
          ...eachWord((i) => [
            term.set(i64.add(i64.load(block.get, 8 * i), carry.get)),
            carry.set(i64.extend_u(i64.lt_u(term.get, carry.get))),
            total.set(i64.add(word(sum, i), term.get)),
            carry.set(i64.or(carry.get, i64.extend_u(i64.lt_u(total.get, term.get)))),
            setWord(sum, i, total.get),
          ]),
          block.set(i32.add(block.get, i32.const(BLOCK))),
          count!.set(i32.sub(count!.get, i32.const(1))),
        ],
        count!.get,
      ),
    ];
  });
  return module.bytes();
}
