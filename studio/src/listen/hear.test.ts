import { describe, expect, test } from "vitest";
import { ServiceError } from "../api/client";
import { formOf, saidOf } from "./hear";
import { whyNot } from "./microphone";
import { goesSomewhere, kindTold, movedTold, namesTold, sureTold } from "./said";
import { sixteen, wavOf } from "./wav";

const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

test("a file is known by how it begins, whatever it is called", () => {
  expect(formOf(bytes("MThd\0\0\0\x06"))).toBe("score");
  for (const begin of ["RIFF....WAVE", "FORM....AIFF", "fLaC", "OggS", "ID3\x03", "\xff\xfb\x90\x64"]) {
    expect(formOf(bytes(begin))).toBe("sound");
  }
  for (const begin of ["", "hello there", "....ftypM4A ", "\xff\xf1\x50\x80 AAC"])
    expect(formOf(bytes(begin))).toBe("unknown");
});

describe("why a file was not heard", () => {
  const said = (message: string, status = 422, size = 1000) =>
    saidOf(new ServiceError(message, status), { name: "song.wav", size });

  test("is said in a sentence that tells what to do", () => {
    expect(said("A request here may have 67,108,864 bytes.", 413)).toBe(
      "“song.wav” is too large. Kelly takes 64 MB at a time. Cut it shorter, or save it as MP3.",
    );
    expect(said("A recording may last 900 seconds; this one lasts longer.")).toMatch(/too long.*15 minutes\. Cut it/);
    expect(said("Cannot read 'the file': it must be WAV")).toMatch(/damaged.*save or export it again/);
    expect(said("The MIDI file is cut off: a chunk of 9 bytes has only 2.")).toMatch(/damaged/);
    expect(said("A song must have notes; the file has none.")).toMatch(/no notes/);
    expect(said("Something else.")).toBe("“song.wav” could not be heard: Something else.");
  });

  test("is that it is too large where the connection broke under it", () => {
    expect(said("Kelly cannot be reached.", 0, 2 ** 30)).toMatch(/too large\. Cut it/);
    expect(said("Kelly cannot be reached.", 0)).toBe("Kelly cannot be reached.");
    expect(said("Try again in 30 s.", 429)).toBe("Try again in 30 s.");
  });
});

test("each error of a microphone has its own advice", () => {
  const names = ["NotAllowedError", "NotFoundError", "NotReadableError", "Other"];
  expect(new Set(names.map(whyNot)).size).toBe(4);
  for (const name of names) expect(whyNot(name)).toMatch(/try again\.$/);
});

describe("what was heard", () => {
  test("is told with what else it may be where that is not clear", () => {
    expect(kindTold("music", { music: 0.98, speech: 0.01, singing: 0.01 })).toBe("Music");
    expect(kindTold("speech", { music: 0.1, speech: 0.6, singing: 0.3 })).toBe(
      "Somebody speaking (60 % sure; else somebody singing)",
    );
    expect(kindTold("score", null)).toBe("Notes");
  });

  test("has the name that it is called first, then the likeliest", () => {
    const names = { awe: 0.3, joy: 0.2, hope: 0.25, fear: 0.1, calm: 0.05, rage: 0.01 };
    expect(namesTold("joy", names).map(([name]) => name)).toEqual(["joy", "awe", "hope", "fear", "calm"]);
  });

  test("is the surer the likelier it is right", () => {
    const told = [0.1, 0.3, 0.5, 0.7, 0.9].map(sureTold);
    expect(new Set(told).size).toBe(5);
    expect(told[2]).toBe("as likely right as not (50 %)");
  });

  test("moves most people to few things", () => {
    expect(movedTold({ power: 0.1, joyful_activation: 0.4, calmness: 0.2, tension: 0.3 })).toBe(
      "40\u00a0% of listeners to joyful activation, 30\u00a0% to tension, 20\u00a0% to calmness",
    );
    expect(movedTold(null)).toBe("");
  });

  test("has a journey only where it goes somewhere", () => {
    const station = (at: number, valence: number) => ({ at, valence, arousal: 0.5, dominance: 0.5 });
    expect(goesSomewhere([station(0, 0.1), station(1, 0.1)])).toBe(false);
    expect(goesSomewhere([station(0, -0.5), station(1, 0.5)])).toBe(true);
    expect(goesSomewhere([])).toBe(false);
  });
});

test("samples become a WAV file that says what is in it", async () => {
  const file = wavOf([sixteen(Float32Array.of(0, 1)), sixteen(Float32Array.of(-1, 9))], 48_000);
  const view = new DataView(await file.arrayBuffer());
  const text = (at: number) => String.fromCharCode(...new Uint8Array(view.buffer, at, 4));
  expect([text(0), text(8), text(36)]).toEqual(["RIFF", "WAVE", "data"]);
  expect([view.getUint32(4, true), view.getUint32(24, true), view.getUint32(40, true)]).toEqual([44, 48_000, 8]);
  expect([44, 46, 48, 50].map((at) => view.getInt16(at, true))).toEqual([0, 32767, -32767, 32767]);
});
