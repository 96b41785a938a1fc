/** The tap: it runs where sound is made, and hands on what comes, some samples at a time. */

declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, kind: new () => AudioWorkletProcessor): void;

const BLOCK = 2048; // samples, a twentieth of a second or so

class Tap extends AudioWorkletProcessor {
  #block = new Float32Array(BLOCK);
  #full = 0;

  process([input]: Float32Array[][]): boolean {
    const samples = input?.[0];
    if (samples === undefined) return true; // nothing is connected yet
    for (let from = 0; from < samples.length; ) {
      const to = Math.min(samples.length, from + BLOCK - this.#full);
      this.#block.set(samples.subarray(from, to), this.#full);
      this.#full += to - from;
      from = to;
      if (this.#full === BLOCK) this.#hand();
    }
    return true;
  }

  #hand(): void {
    this.port.postMessage(this.#block, [this.#block.buffer]);
    this.#block = new Float32Array(BLOCK);
    this.#full = 0;
  }
}

registerProcessor("tap", Tap);

export {};
