/** An incremental digest: feed any number of pieces, then take the digest once. */
export interface Hasher {
  update(data: Uint8Array): this;
  digest(): Uint8Array;
}
