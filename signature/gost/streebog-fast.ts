import { instantiate, type Instance } from '../wasm/instance';
import { STREEBOG_LAYOUT as AT, streebogModule } from '../wasm/streebog-module';
import type { Hasher } from './hasher';
import { Streebog } from './streebog';
import { LS_TABLE, ROUND_CONSTANTS } from './streebog-tables';

const BLOCK = 64;
/** Chaining value, length and sum lie one after another. */
const STATE_BYTES = 3 * BLOCK;

interface Machine {
  readonly memory: Uint8Array;
  readonly compress: (n: number, m: number) => void;
  readonly absorb: (count: number) => void;
}

let machine: Machine | null | undefined;

/** A fresh Streebog of 512 or 256 bits: in WebAssembly, or the plain one where there is none. */
export function createStreebog(bits: 512 | 256): Hasher {
  if (machine === undefined) machine = start(instantiate<'compress' | 'absorb'>(streebogModule));
  return machine ? new FastStreebog(bits, machine) : new Streebog(bits);
}

function start(instance: Instance<'compress' | 'absorb'> | undefined): Machine | null {
  if (!instance) return null;
  new Int32Array(instance.memory, AT.tables, LS_TABLE.length).set(LS_TABLE);
  ROUND_CONSTANTS.forEach((constant, i) => new Int32Array(instance.memory, AT.constants + i * BLOCK, constant.length).set(constant));
  return { memory: new Uint8Array(instance.memory), ...instance.functions };
}

/** The same function as `Streebog`; all hashers of a thread share one module, into which each brings its state for an update. */
class FastStreebog implements Hasher {
  private readonly state = new Uint8Array(STATE_BYTES);
  private readonly tail = new Uint8Array(BLOCK);
  private filled = 0;

  constructor(
    private readonly bits: 512 | 256,
    private readonly machine: Machine,
  ) {
    if (bits === 256) this.state.fill(1, 0, BLOCK);
  }

  update(data: Uint8Array): this {
    if (this.filled + data.length < BLOCK) {
      this.tail.set(data, this.filled);
      this.filled += data.length;
      return this;
    }
    const { memory } = this.machine;
    memory.set(this.state, AT.h);
    let pending = this.filled;
    memory.set(this.tail.subarray(0, pending), AT.input);
    let at = 0;
    while (pending + data.length - at >= BLOCK) {
      const window = Math.min(AT.inputBytes, pending + data.length - at);
      const whole = window - (window % BLOCK);
      memory.set(data.subarray(at, at + whole - pending), AT.input + pending);
      at += whole - pending;
      pending = 0;
      this.machine.absorb(whole / BLOCK);
    }
    this.state.set(memory.subarray(AT.h, AT.h + STATE_BYTES));
    this.tail.set(data.subarray(at));
    this.filled = data.length - at;
    return this;
  }

  /** RFC 6986 §7, stages 2 and 3. */
  digest(): Uint8Array {
    const { memory } = this.machine;
    this.tail.fill(0, this.filled);
    this.tail[this.filled] = 1;
    memory.set(this.state, AT.h);
    memory.set(this.tail, AT.input);
    this.machine.absorb(1);
    // The last block counted whole: its length is less by what the padding added.
    const length = new DataView(memory.buffer, AT.length, 8);
    length.setBigUint64(0, length.getBigUint64(0, true) - BigInt((BLOCK - this.filled) * 8), true);
    this.machine.compress(AT.zero, AT.length);
    this.machine.compress(AT.zero, AT.sum);
    return memory.slice(AT.h + (this.bits === 512 ? 0 : 32), AT.h + BLOCK);
  }
}
