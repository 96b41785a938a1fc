/** The wishes of a song: form, length, genre, key, tempo, how neural, how human. */

import { useId } from "react";
import type { Options, Wishes } from "./options";

interface Props {
  options: Options | undefined;
  wishes: Wishes;
  onWishes: (wishes: Wishes) => void;
}

const BARS = [8, 16, 24, 32, 48, 64];

export function WishesForm({ options, wishes, onWishes }: Props) {
  function change<Name extends keyof Wishes>(name: Name, value: Wishes[Name] | undefined) {
    const { [name]: _, ...others } = wishes;
    onWishes(value === undefined ? others : { ...others, [name]: value });
  }
  return (
    <div className="wishes">
      <Choice
        label="Arc"
        value={wishes.arc}
        of={options?.arc.map((one) => one.name)}
        onValue={(v) => change("arc", v)}
      />
      <Choice
        label="Length"
        value={wishes.bars?.toString()}
        of={BARS.map(String)}
        shown={(bars) => `${bars} bars`}
        onValue={(v) => change("bars", v === undefined ? undefined : Number(v))}
      />
      <Choice
        label="Genre"
        value={wishes.genre}
        of={options?.genre.map((one) => one.name)}
        onValue={(v) => change("genre", v)}
      />
      <Choice label="Key" value={wishes.key} of={options?.key} onValue={(v) => change("key", v)} />
      <Choice label="Mode" value={wishes.mode} of={options?.mode} onValue={(v) => change("mode", v)} />
      <Dial
        label="Tempo"
        value={wishes.tempo}
        least={options?.numbers.tempo?.least ?? 40}
        most={options?.numbers.tempo?.most ?? 240}
        step={1}
        usual={96}
        shown={(bpm) => `${bpm} BPM`}
        onValue={(v) => change("tempo", v)}
      />
      <Dial label="Networks" value={wishes.neural} usual={0.5} onValue={(v) => change("neural", v)} />
      <Dial label="Improvised" value={wishes.improvise} usual={0.5} onValue={(v) => change("improvise", v)} />
      <Dial label="Human" value={wishes.humanise} usual={0.5} onValue={(v) => change("humanise", v)} />
    </div>
  );
}

interface ChoiceProps {
  label: string;
  value: string | undefined;
  of: readonly string[] | undefined;
  shown?: (value: string) => string;
  onValue: (value: string | undefined) => void;
}

function Choice({ label, value, of, shown = (one) => one.replaceAll("-", " "), onValue }: ChoiceProps) {
  const id = useId();
  return (
    <div className="wish">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value ?? ""} onChange={(event) => onValue(event.target.value || undefined)}>
        <option value="">as it feels</option>
        {of?.map((one) => (
          <option key={one} value={one}>
            {shown(one)}
          </option>
        ))}
      </select>
    </div>
  );
}

interface DialProps {
  label: string;
  value: number | undefined;
  usual: number;
  least?: number;
  most?: number;
  step?: number;
  shown?: (value: number) => string;
  onValue: (value: number | undefined) => void;
}

function Dial({ label, value, usual, least = 0, most = 1, step = 0.05, shown = percent, onValue }: DialProps) {
  const id = useId();
  const told = value === undefined ? "as it feels" : shown(value);
  return (
    <div className="wish dial">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="range"
        min={least}
        max={most}
        step={step}
        value={value ?? usual}
        data-unset={value === undefined || undefined}
        aria-valuetext={told}
        onChange={(event) => onValue(event.target.valueAsNumber)}
      />
      <button
        type="button"
        className="quiet"
        disabled={value === undefined}
        aria-label={`${label}: ${told}. Leave it as it feels`}
        title="Leave it as it feels"
        onClick={() => onValue(undefined)}
      >
        {told}
      </button>
    </div>
  );
}

function percent(value: number): string {
  return `${Math.round(100 * value)} %`;
}
