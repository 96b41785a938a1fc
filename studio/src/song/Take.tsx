/** How to take a song along: files, a link, and notes that go out over MIDI while it plays. */

import { useEffect, useState } from "react";
import { MidiOut, supported } from "./midi";
import type { SongNotes } from "./roll";

interface Props {
  id: string;
  song: SongNotes;
  link: string | undefined;
  second: () => number;
  playing: boolean;
}

const FILES = [
  [".mid", "MIDI"],
  [".wav", "WAV"],
  ["/stems.zip", "Stems"],
  [".musicxml", "MusicXML"],
] as const;

export function Take({ id, song, link, second, playing }: Props) {
  const [copied, setCopied] = useState<boolean>();
  useEffect(() => {
    if (copied !== true) return;
    const timer = setTimeout(() => setCopied(undefined), 2500);
    return () => clearTimeout(timer);
  }, [copied]);

  // The clipboard is not there where the page came over plain HTTP from another machine.
  async function copy(text: string) {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      setCopied(false);
    }
  }

  return (
    <div className="take">
      <nav aria-label="Download">
        {FILES.map(([form, name]) => (
          <a key={form} href={`/v1/songs/${id}${form}`} download>
            {name}
          </a>
        ))}
      </nav>
      {link !== undefined && (
        <button
          type="button"
          className="quiet"
          title="The feeling, what was wished and the seed; not what you wrote"
          onClick={() => void copy(link)}
        >
          {copied ? "Copied" : "Copy link"}
        </button>
      )}
      {link !== undefined && copied === false && (
        <input
          className="link"
          readOnly
          value={link}
          aria-label="The link, to be copied from here"
          ref={(field) => field?.select()}
        />
      )}
      {supported() && <MidiOutput song={song} second={second} playing={playing} />}
    </div>
  );
}

type Outputs = Pick<Props, "song" | "second" | "playing">;

function MidiOutput({ song, second, playing }: Outputs) {
  const [access, setAccess] = useState<MIDIAccess>();
  const [port, setPort] = useState("");
  const [said, setSaid] = useState("");

  useEffect(() => {
    const output = access?.outputs.get(port);
    if (output === undefined || !playing) return;
    const out = new MidiOut(song, output, second);
    return () => out.end();
  }, [access, port, song, second, playing]);

  if (access === undefined) {
    return (
      <button
        type="button"
        className="quiet"
        title="Send the notes to an instrument or a DAW while they play"
        onClick={() =>
          navigator.requestMIDIAccess().then(
            (one) => {
              if (one.outputs.size === 0) setSaid("No MIDI output found");
              else setAccess(one);
            },
            () => setSaid("MIDI is not allowed here"),
          )
        }
      >
        {said || "MIDI out"}
      </button>
    );
  }
  return (
    <select aria-label="MIDI output" value={port} onChange={(event) => setPort(event.target.value)}>
      <option value="">No MIDI out</option>
      {[...access.outputs.values()].map((output) => (
        <option key={output.id} value={output.id}>
          {output.name ?? "MIDI output"}
        </option>
      ))}
    </select>
  );
}
