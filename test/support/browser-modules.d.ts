// Shapes of the browser modules that tests load into Node.
declare module '*/assets/js/ncalayer.js' {
  export class NcaLayerError extends Error {
    code: 'missing' | 'closed' | 'cancelled' | 'module' | 'failed' | 'busy';
    detail: string;
  }
  export interface SignRequest {
    base64: string;
    extKeyUsageOids?: string[];
    iin?: string | null;
    bin?: string | null;
    chain?: string[] | null;
    wantsTimestamp?: boolean;
    isAttached?: boolean;
    isDigested?: boolean;
    storage?: string;
    locale?: string;
  }
  export interface Memory {
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
  }
  export class NcaLayer {
    constructor(options?: { url?: string; WebSocket?: unknown; memory?: Memory });
    readonly isOpen: boolean;
    readonly known: { hasBasics?: boolean; takesArrays?: boolean; product?: string };
    readonly takesMany: boolean;
    version: string;
    onclose: (() => void) | null;
    connect(): Promise<string>;
    product(): Promise<string>;
    sign(request: SignRequest): Promise<string>;
    signMany(request: Omit<SignRequest, 'base64'> & { documents: string[] }): Promise<{ signatures: string[]; isWhole: boolean }>;
    close(): void;
  }
  export function toBase64(bytes: Uint8Array): string;
  export function bareBase64(text: string): string;
  export function readBasicsAnswer(answer: unknown): string[];
  export function readCommonAnswer(answer: unknown): unknown;
}
declare module '*/assets/js/ulid.js' {
  export function ulid(now?: number): string;
}
