/** Bytes of WebAssembly instructions, nested as they were put together. An expression leaves one value on the stack, a statement none. */
export type Code = readonly (number | Code)[];
type Bytes = readonly number[];
export type ValueType = 'i32' | 'i64';

const TYPE_CODE: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e };
const VOID = 0x40;

/** A local variable or a parameter of a function. */
export interface Local {
  readonly get: Code;
  set(value: Code): Code;
}

/** A function of the module, to be called by others of it. */
export interface Func {
  readonly index: number;
}

/** Declares the local variables of the function being written. */
export type Declare = (type: ValueType) => Local;

const binary =
  (opcode: number) =>
  (a: Code, b: Code): Code => [a, b, opcode];
const load =
  (opcode: number, align: number) =>
  (address: Code, offset = 0): Code => [address, opcode, align, ...unsigned(offset)];
const store =
  (opcode: number, align: number) =>
  (address: Code, value: Code, offset = 0): Code => [address, value, opcode, align, ...unsigned(offset)];

/** Instructions on 32-bit integers, named as in the WebAssembly specification. */
export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  load: load(0x28, 2),
  load8_u: load(0x2d, 0),
  store: store(0x36, 2),
  eqz: (a: Code): Code => [a, 0x45],
  eq: binary(0x46),
  ne: binary(0x47),
  lt_u: binary(0x49),
  add: binary(0x6a),
  sub: binary(0x6b),
  and: binary(0x71),
  or: binary(0x72),
  shl: binary(0x74),
  shr_s: binary(0x75),
  wrap: (a: Code): Code => [a, 0xa7],
};

/** Instructions on 64-bit integers. */
export const i64 = {
  const: (value: number): Code => [0x42, ...signed(value)],
  load: load(0x29, 3),
  load32_s: load(0x34, 2),
  store: store(0x37, 3),
  store32: store(0x3e, 2),
  lt_u: binary(0x54),
  add: binary(0x7c),
  sub: binary(0x7d),
  mul: binary(0x7e),
  and: binary(0x83),
  or: binary(0x84),
  xor: binary(0x85),
  shl: binary(0x86),
  shr_s: binary(0x87),
  shr_u: binary(0x88),
  extend_s: (a: Code): Code => [a, 0xac],
  extend_u: (a: Code): Code => [a, 0xad],
};

/** Repeats the statements while the condition, looked at after them, is not zero. */
export function doWhile(body: readonly Code[], condition: Code): Code {
  return [0x03, VOID, body, condition, 0x0d, 0, 0x0b];
}

/** Calls a function without a result. */
export function call(target: Func, ...args: readonly Code[]): Code {
  return [args, 0x10, ...unsigned(target.index)];
}

/** Collects functions and gives the binary module (WebAssembly core specification, release 1, chapter 5). */
export class ModuleWriter {
  private readonly types: Bytes[] = [];
  private readonly bodies: Bytes[] = [];
  private readonly exports: Bytes[] = [];

  /** `pages` of 64 KiB are the module's fixed memory, exported as `memory`. */
  constructor(private readonly pages: number) {
    this.exports.push([...name('memory'), 0x02, 0]);
  }

  /** Adds a function without results; `write` gets its parameters and gives its statements. */
  func(
    exported: string,
    parameters: readonly ValueType[],
    write: (parameters: readonly Local[], declare: Declare) => readonly Code[],
  ): Func {
    const locals: ValueType[] = [];
    const local = (index: number): Local => ({
      get: [0x20, ...unsigned(index)],
      set: (value) => [value, 0x21, ...unsigned(index)],
    });
    const declare: Declare = (type) => local(parameters.length + locals.push(type) - 1);
    const statements = write(
      parameters.map((_, i) => local(i)),
      declare,
    );
    const index = this.types.length;
    this.types.push([0x60, ...vector(parameters.map((type) => [TYPE_CODE[type]])), 0]);
    const body = [...vector(locals.map((type) => [1, TYPE_CODE[type]])), ...flattened(statements), 0x0b];
    this.bodies.push([...unsigned(body.length), ...body]);
    this.exports.push([...name(exported), 0x00, ...unsigned(index)]);
    return { index };
  }

  /** The module's bytes. */
  bytes(): Uint8Array {
    const section = (id: number, entries: readonly Bytes[]): Bytes => {
      const content = vector(entries);
      return [id, ...unsigned(content.length), ...content];
    };
    return Uint8Array.from([
      ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...section(1, this.types),
      ...section(
        3,
        this.types.map((_, i) => unsigned(i)),
      ),
      ...section(5, [[0x01, ...unsigned(this.pages), ...unsigned(this.pages)]]),
      ...section(7, this.exports),
      ...section(10, this.bodies),
    ]);
  }
}

function vector(entries: readonly Bytes[]): Bytes {
  return [...unsigned(entries.length), ...entries.flat()];
}

function flattened(code: Code): number[] {
  const out: number[] = [];
  const visit = (part: Code): void => {
    for (const item of part) {
      if (typeof item === 'number') out.push(item);
      else visit(item);
    }
  };
  visit(code);
  return out;
}

function name(text: string): Bytes {
  return vector([...Buffer.from(text)].map((octet) => [octet]));
}

/** LEB128 of a non-negative number. */
function unsigned(value: number): Bytes {
  const out: number[] = [];
  for (let rest = value; ;) {
    const group = rest & 127;
    rest >>>= 7;
    if (rest === 0) return [...out, group];
    out.push(group | 128);
  }
}

/** LEB128 of a number with a sign, of at most 32 bits. */
function signed(value: number): Bytes {
  const out: number[] = [];
  for (let rest = value; ;) {
    const group = rest & 127;
    rest >>= 7;
    if ((rest === 0 && (group & 64) === 0) || (rest === -1 && (group & 64) !== 0)) return [...out, group];
    out.push(group | 128);
  }
}
