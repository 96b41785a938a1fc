/** The microphone: asked for, tapped, and given back. */

import { UNREACHED } from "./session";
import tap from "./tap.worklet?worker&url";

export interface Microphone {
  rate: number;
  close: () => void;
}

/** Why there is no microphone, in words that say what to do. */
export class MicrophoneError extends Error {}

/**
 * Open the microphone as it sounds, with nothing taken out of it. Throws MicrophoneError.
 *
 * @param heard is given block after block of samples
 * @param lost is told where the microphone goes away
 */
export async function openMicrophone(heard: (block: Float32Array) => void, lost: () => void): Promise<Microphone> {
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!window.isSecureContext || devices === undefined) {
    throw new MicrophoneError(
      "Browsers lend the microphone to secure pages only: open Kelly at http://127.0.0.1 or through HTTPS.",
    );
  }
  const audio = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await devices.getUserMedia({ audio }).catch((error: unknown) => {
    throw new MicrophoneError(whyNot(error instanceof Error ? error.name : ""));
  });
  const context = new AudioContext();
  const close = () => {
    for (const track of stream.getTracks()) track.stop();
    if (context.state !== "closed") void context.close();
  };
  try {
    await context.audioWorklet.addModule(tap);
    await context.resume();
    const node = new AudioWorkletNode(context, "tap", { channelCount: 1, channelCountMode: "explicit" });
    node.port.onmessage = ({ data }: MessageEvent<Float32Array>) => heard(data);
    context.createMediaStreamSource(stream).connect(node).connect(context.destination); // to which it gives silence
  } catch (error) {
    close();
    throw new MicrophoneError(whyDeaf(error instanceof Error ? error.name : ""));
  }
  for (const track of stream.getTracks()) track.onended = lost;
  return { rate: context.sampleRate, close };
}

/** What to do where what the microphone hears cannot be had, by the name of the error. */
function whyDeaf(name: string): string {
  if (name === "AbortError") return UNREACHED; // the tap did not come
  return "This browser cannot hand on what the microphone hears: use a newer one.";
}

/** What to do where the browser gives no microphone, by the name of its error. */
export function whyNot(name: string): string {
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return "This page may not use the microphone: allow it in the browser, beside the address, then try again.";
    case "NotFoundError":
    case "OverconstrainedError":
      return "There is no microphone: connect one, then try again.";
    case "NotReadableError":
    case "AbortError":
      return "The microphone is busy or broken: close what else uses it, then try again.";
    default:
      return "The microphone cannot be opened: check that it is connected, then try again.";
  }
}
