/** What it feels like as a whole: a name, how sure that is, what else it may be called, and where that lies. */

import { linkOf } from "../compose/link";
import { useEmotions } from "../feeling/emotions";
import { FeelingMap } from "../feeling/Map";
import { numberOf } from "./course";
import type { Told } from "./hear";
import { capital, goesSomewhere, movedTold, namesTold, percent, sureTold } from "./said";

export function Summary({ told }: { told: Told }) {
  const { emotion, spread, scales } = told;
  const all = useEmotions();
  if (emotion.confidence === 0) {
    return (
      <div className="summary">
        <h2>Heard as</h2>
        <p className="feeling">nothing</p>
        <p className="sure">It is silent, or too short to say. Bring another, or come nearer to the microphone.</p>
      </div>
    );
  }
  const moved = movedTold(scales);
  return (
    <>
      <div className="summary">
        <h2>Heard as</h2>
        <p className="feeling" role="status">
          {capital(emotion.name)}
        </p>
        <p className="sure">{`This is ${sureTold(emotion.confidence)}.`}</p>
        {moved !== "" && <p className="sure">{`Music like this moves ${moved}.`}</p>}
        <p className="on">
          <a className="main" href={hashOf(told)}>
            Compose like this
          </a>
          {goesSomewhere(told.journey) && <a href={hashOf(told, told.journey)}>With its journey</a>}
        </p>
      </div>
      <div className="place">
        <FeelingMap place={emotion} spread={spread} names={all} name={emotion.name} />
        <p className="axes">
          {`Valence ${numberOf(emotion.valence, true)}${off(spread.valence)} · arousal ${numberOf(emotion.arousal)}${off(spread.arousal)}`}
        </p>
      </div>
    </>
  );
}

/** The names that come nearest, with how many would choose each. */
export function Names({ told: { emotion, names } }: { told: Told }) {
  const near = namesTold(emotion.name, names);
  if (near.length === 0) return null;
  const most = Math.max(...near.map(([, weight]) => weight));
  return (
    <section className="names" aria-labelledby="called">
      <h2 id="called">The nearest of the names, and how likely each is beside all others</h2>
      <ul className="called">
        {near.map(([name, weight]) => (
          <li key={name}>
            <span>{name}</span>
            <i aria-hidden="true">
              <b style={{ width: `${(100 * weight) / most}%` }} />
            </i>
            <span className="share">{percent(weight)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function off(spread: number | null): string {
  return spread === null ? "" : ` ± ${spread.toFixed(2)}`;
}

/** Where a song is composed at this feeling, and on the way that it takes. */
function hashOf({ emotion: { valence, arousal, dominance } }: Told, way?: Told["journey"]): string {
  return new URL(linkOf({ valence, arousal, dominance, seed: 0, ...(way && { way }) })).hash;
}
