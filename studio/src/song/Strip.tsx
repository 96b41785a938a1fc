/** What was asked of each section, and below it what Kelly's judge hears in it: colours with their names. */

import { useGround } from "../app/theme";
import { colourOf } from "../feeling/colours";
import { MIDDLE, type Named, nearest, useEmotions } from "../feeling/emotions";
import type { SongNotes } from "./roll";

export function Strip({ song }: { song: SongNotes }) {
  const ground = useGround();
  const names = useEmotions();
  if (song.sections.length === 0) return null;
  return (
    <figure className="strip">
      <Row label="Asked">
        {song.sections.map((section, at) => (
          <Cell key={section.start} beats={beats(song, at)} colour={colourOf(section.emotion, ground)}>
            {section.emotion.name}
          </Cell>
        ))}
      </Row>
      <Row label="Heard">
        {song.sections.map(({ start, heard, emotion }, at) => (
          <Cell
            key={start}
            beats={beats(song, at)}
            colour={heard === null ? undefined : colourOf(heard, ground)}
            title={heard === null ? "Too little to hear" : told(heard)}
          >
            {heard === null ? "—" : (heardAs(heard, emotion.dominance, names)?.name ?? "")}
          </Cell>
        ))}
      </Row>
      <figcaption>{summary(song)}</figcaption>
    </figure>
  );
}

type Section = SongNotes["sections"][number];
type Heard = NonNullable<Section["heard"]>;

function Row({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className="row">
      <span>{label}</span>
      <ol>{children}</ol>
    </div>
  );
}

interface CellProps {
  beats: number;
  colour: string | undefined;
  title?: string | undefined;
  children: string;
}

function Cell({ beats, colour, title, children }: CellProps) {
  return (
    <li style={{ flexGrow: beats }} title={title ?? children}>
      <i style={{ background: colour ?? "none" }} />
      <span>{children}</span>
    </li>
  );
}

function beats(song: SongNotes, at: number): number {
  const { start } = song.sections[at] as Section;
  return Math.max(1, (song.sections[at + 1]?.start ?? song.beats) - start);
}

/** The judge hears no dominance: the name is that of the place with what was asked of it. */
function heardAs({ valence, arousal }: Heard, dominance: number, names: readonly Named[]): Named | undefined {
  return nearest({ ...MIDDLE, valence, arousal, dominance }, names);
}

function told({ valence, arousal, error }: Heard): string {
  const one = (value: number, off: number | undefined) => `${value.toFixed(2)} ± ${(off ?? 0).toFixed(2)}`;
  return `Heard: valence ${one(valence, error[0])}, arousal ${one(arousal, error[1])}`;
}

/** How far what is heard can be trusted. */
function summary(song: SongNotes): string {
  const heard = song.sections.flatMap((section) => (section.heard === null ? [] : [section.heard]));
  if (heard.length === 0) return "There is too little in it for Kelly's judge to hear.";
  const mean = (of: (one: Heard) => number) => heard.reduce((sum, one) => sum + of(one), 0) / heard.length;
  const [valence, arousal] = [mean((one) => one.error[0] ?? 0), mean((one) => one.error[1] ?? 0)];
  return (
    "A trained judge hears each section. Of itself it can be wrong, about " +
    `± ${valence.toFixed(2)} in valence (of -1 to 1) and ± ${arousal.toFixed(2)} in arousal (of 0 to 1).`
  );
}
