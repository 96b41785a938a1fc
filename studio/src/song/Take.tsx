/** How to take a song along: files, a link, and notes that go out over MIDI while it plays. */

import { useEffect, useRef, useState } from "react";
import { refused, ServiceError } from "../api/client";
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
  [".mid", "MIDI", "Notes for a DAW, a track for each part"],
  [".wav", "WAV", "The whole song as it was composed, mixed and mastered"],
  ["/stems.zip", "Stems", "A WAV file for each part, before they are mastered; some 2 MB a second"],
  [".musicxml", "MusicXML", "Sheet music"],
] as const;

export function Take({ id, song, link, second, playing }: Props) {
  const [copied, setCopied] = useState<boolean>();
  const [preparing, setPreparing] = useState<ReadonlySet<string>>(new Set());
  const [failed, setFailed] = useState("");
  const ready = useRef(new Set<string>());
  useEffect(() => {
    if (copied !== true) return;
    const timer = setTimeout(() => setCopied(undefined), 2500);
    return () => clearTimeout(timer);
  }, [copied]);

  /** Wait until a file is made, which may take a while and may fail, and take it then. */
  async function prepare(form: string, link: HTMLAnchorElement) {
    if (preparing.has(form)) return;
    setFailed("");
    setPreparing((before) => new Set(before).add(form));
    try {
      const answer = await fetch(link.href, { method: "HEAD" });
      if (!answer.ok) throw refused(undefined, answer);
      ready.current.add(form);
      link.click();
    } catch (error) {
      setFailed(error instanceof ServiceError ? error.message : "Kelly cannot be reached. Try again when she is back.");
    } finally {
      setPreparing((before) => new Set([...before].filter((one) => one !== form)));
    }
  }

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
        {FILES.map(([form, name, title]) => (
          <a
            key={form}
            href={`/v1/songs/${id}${form}`}
            download
            title={title}
            aria-busy={preparing.has(form)}
            onClick={(event) => {
              if (ready.current.has(form)) return;
              event.preventDefault();
              void prepare(form, event.currentTarget);
            }}
          >
            {preparing.has(form) ? `${name}…` : name}
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
      {failed !== "" && <p role="alert">{failed}</p>}
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
