/** What a module of this folder exports: its memory, and functions of numbers without results. */
export interface Instance<Name extends string> {
  readonly memory: ArrayBuffer;
  readonly functions: Readonly<Record<Name, (...args: number[]) => void>>;
}

interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Record<string, unknown> };
}

/** Compiles and starts a module at once. Undefined where there is no WebAssembly (switched off, or a processor without a compiler). */
export function instantiate<Name extends string>(bytes: () => Uint8Array): Instance<Name> | undefined {
  const { WebAssembly } = globalThis as { WebAssembly?: WebAssemblyApi };
  if (!WebAssembly) return undefined;
  try {
    const { memory, ...functions } = new WebAssembly.Instance(new WebAssembly.Module(bytes())).exports;
    return { memory: (memory as { buffer: ArrayBuffer }).buffer, functions: functions as Instance<Name>['functions'] };
  } catch {
    return undefined;
  }
}
