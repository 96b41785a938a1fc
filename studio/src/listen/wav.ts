/** Samples as a WAV file: one channel, 16 bits. */

const HEAD = 44; // bytes

/** Samples of -1..1 as whole numbers of 16 bits; what is louder is as loud as can be. */
export function sixteen(samples: Float32Array): Int16Array {
  return Int16Array.from(samples, (one) => Math.round(Math.max(-1, Math.min(1, one)) * 32767));
}

/** The file of some blocks of samples, one after another. */
export function wavOf(blocks: readonly Int16Array[], rate: number): Blob {
  const size = 2 * blocks.reduce((sum, block) => sum + block.length, 0);
  const head = new DataView(new ArrayBuffer(HEAD));
  const text = (at: number, letters: string) =>
    [...letters].forEach((letter, index) => {
      head.setUint8(at + index, letter.charCodeAt(0));
    });
  text(0, "RIFF");
  head.setUint32(4, HEAD - 8 + size, true);
  text(8, "WAVEfmt ");
  head.setUint32(16, 16, true);
  head.setUint16(20, 1, true); // as it is, not compressed
  head.setUint16(22, 1, true);
  head.setUint32(24, rate, true);
  head.setUint32(28, 2 * rate, true);
  head.setUint16(32, 2, true);
  head.setUint16(34, 16, true);
  text(36, "data");
  head.setUint32(40, size, true);
  return new Blob([head, ...(blocks as readonly Int16Array<ArrayBuffer>[])], { type: "audio/wav" });
}
