/** The parts of a song, each beside its lane of the piano roll: silent, alone, or as loud as it should be. */

import { useEffect, useMemo, useState } from "react";
import { HEAD } from "./paint";
import type { Lane } from "./roll";
import type { Levels } from "./useSound";

interface Props {
  lanes: readonly Lane[];
  onLevels: (levels: Levels) => void;
  /** The parts that are silent, by their number in the song. */
  onSilent: (silent: ReadonlySet<number>) => void;
}

const LOWEST = -30; // decibels, from which on nothing is heard

export function Mixer({ lanes, onLevels, onSilent }: Props) {
  const [muted, setMuted] = useState<ReadonlySet<number>>(new Set());
  const [soloed, setSoloed] = useState<ReadonlySet<number>>(new Set());
  const [decibels, setDecibels] = useState<ReadonlyMap<number, number>>(new Map());

  const silent = useMemo(() => {
    const isSilent = (part: number) => muted.has(part) || (soloed.size > 0 && !soloed.has(part));
    return new Set(lanes.map(({ part }) => part).filter(isSilent));
  }, [lanes, muted, soloed]);

  useEffect(() => {
    onSilent(silent);
    if (muted.size + soloed.size + decibels.size === 0) return; // as it was rendered
    const places = lanes.map(({ part }, at) => [part, at] as const);
    onLevels({
      decibels: new Map(places.map(([part, at]) => [at, decibels.get(part) ?? 0])),
      silent: new Set(places.filter(([part]) => silent.has(part)).map(([, at]) => at)),
    });
  }, [lanes, silent, muted, soloed, decibels, onLevels, onSilent]);

  return (
    <ul className="mixer" aria-label="Parts">
      {lanes.map(({ part, name, top, height }) => (
        <li key={part} style={{ "--top": `${HEAD + top}px`, "--height": `${height}px` } as React.CSSProperties}>
          <span className="name" data-silent={silent.has(part) || undefined} title={name}>
            {name}
          </span>
          <Switch label={`Mute ${name}`} on={muted.has(part)} onSwitch={() => setMuted(switched(muted, part))}>
            M
          </Switch>
          <Switch label={`Solo ${name}`} on={soloed.has(part)} onSwitch={() => setSoloed(switched(soloed, part))}>
            S
          </Switch>
          <input
            type="range"
            min={LOWEST}
            max={6}
            step={1}
            value={Math.max(LOWEST, decibels.get(part) ?? 0)}
            aria-label={`Volume of ${name}`}
            aria-valuetext={volume(decibels.get(part) ?? 0)}
            title={`Volume of ${name}`}
            onChange={({ target }) => {
              const value = target.valueAsNumber <= LOWEST ? Number.NEGATIVE_INFINITY : target.valueAsNumber;
              setDecibels(new Map(decibels).set(part, value));
            }}
          />
        </li>
      ))}
    </ul>
  );
}

function volume(decibels: number): string {
  return decibels === Number.NEGATIVE_INFINITY ? "silent" : `${decibels} decibels`;
}

interface SwitchProps {
  label: string;
  on: boolean;
  onSwitch: () => void;
  children: string;
}

function Switch({ label, on, onSwitch, children }: SwitchProps) {
  return (
    <button type="button" className="switch" aria-label={label} aria-pressed={on} title={label} onClick={onSwitch}>
      {children}
    </button>
  );
}

function switched(set: ReadonlySet<number>, one: number): ReadonlySet<number> {
  const other = new Set(set);
  if (!other.delete(one)) other.add(one);
  return other;
}
