/** A set of 32-bit numbers that may say yes for one it does not hold (1.5 % at 1,000 of them), in 8 KB: it fits the fastest cache. */
export interface BitSet {
  add(hash: number): void;
  has(hash: number): boolean;
}

export function createBitSet(): BitSet {
  const bits = new Uint8Array(8192);
  return {
    add(hash) {
      const slot = Math.imul(hash, 0x9e3779b1) >>> 16;
      bits[slot >>> 3]! |= 1 << (slot & 7);
    },
    has(hash) {
      const slot = Math.imul(hash, 0x9e3779b1) >>> 16;
      return (bits[slot >>> 3]! & (1 << (slot & 7))) !== 0;
    },
  };
}
