// archiver 8 ships no types; what is used of it.
declare module 'archiver' {
  import type { Readable, Transform } from 'node:stream';
  export class ZipArchive extends (Object as unknown as typeof Transform) {
    constructor(options?: { store?: boolean; comment?: string });
    append(source: Readable | Buffer | string, data: { name: string; date?: Date }): this;
    finalize(): Promise<void>;
  }
}
