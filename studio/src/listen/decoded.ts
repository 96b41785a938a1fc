/** Sound that the browser can read and the service cannot, or that is too large to be sent: as a small WAV file. */

import { sixteen, wavOf } from "./wav";

const RATE = 16_000; // what the ears hear
const MOST = 512 * 2 ** 20; // bytes that a page can hold with ease

/** The sound of a file, one channel at the ears' rate; undefined where the browser cannot read it either. */
export async function decoded(file: Blob): Promise<Blob | undefined> {
  if (file.size > MOST) return undefined;
  try {
    const sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await file.arrayBuffer());
    return wavOf([sixteen(mixed(sound))], RATE);
  } catch {
    return undefined;
  }
}

function mixed(sound: AudioBuffer): Float32Array {
  const mean = new Float32Array(sound.length);
  for (let channel = 0; channel < sound.numberOfChannels; channel++) {
    const samples = sound.getChannelData(channel);
    for (let at = 0; at < mean.length; at++)
      mean[at] = (mean[at] as number) + (samples[at] as number) / sound.numberOfChannels;
  }
  return mean;
}
