/** Corpora: whether those of a folder are whole, readable and honestly split. */

import { useEffect, useState } from "react";
import { type Corpus, cancel, check, lastRoot, useCheck } from "./checking";
import { Field, Scroll } from "./parts";
import { long, many, whole } from "./told";

export function Corpora() {
  const { begun, found, cancelled, wrong } = useCheck();
  const [root, setRoot] = useState(lastRoot);
  const [names, setNames] = useState("");
  const only = names.split(",").flatMap((one) => (one.trim() === "" ? [] : [one.trim()]));

  return (
    <>
      <h1>Corpora</h1>
      <div className="corpora">
        <form
          className="ask"
          onSubmit={(event) => {
            event.preventDefault();
            void check(root.trim(), only);
          }}
          noValidate
          aria-label="Check corpora"
        >
          <Field label="Folder of the corpora" hint="Or one of them, by its absolute path." wrong={wrong.root}>
            {(given_) => (
              <input
                {...given_}
                value={root}
                placeholder="/data/corpora"
                spellCheck={false}
                autoComplete="off"
                onChange={(event) => setRoot(event.target.value)}
              />
            )}
          </Field>
          <Field
            label="Only these"
            hint="Names with commas between; all that are found when left empty."
            wrong={wrong.corpora}
          >
            {(given_) => (
              <input
                {...given_}
                value={names}
                placeholder="groove, pop909"
                spellCheck={false}
                onChange={(event) => setNames(event.target.value)}
              />
            )}
          </Field>
          <div className="go">
            <button type="submit" className="main" disabled={begun !== undefined}>
              Check
            </button>
          </div>
          {wrong.all !== undefined && <p role="alert">{wrong.all}</p>}
        </form>
        <section aria-label="What was found" aria-busy={begun !== undefined}>
          {begun !== undefined ? (
            <Checking begun={begun} />
          ) : found !== undefined ? (
            <Found corpora={found} />
          ) : (
            <p className="empty" role="status">
              {cancelled
                ? "The check was cancelled."
                : "Every file is looked at and counted; a large folder takes minutes."}
            </p>
          )}
        </section>
      </div>
    </>
  );
}

function Checking({ begun }: { begun: number }) {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const clock = setInterval(() => setNow(performance.now()), 1000);
    return () => clearInterval(clock);
  }, []);
  return (
    <div className="work">
      <progress aria-label="The corpora are being checked" />
      <span role="status">Checking</span>
      <span className="quiet">{long(Math.max(0, now - begun) / 1000)}</span>
      <button type="button" onClick={cancel}>
        Cancel
      </button>
    </div>
  );
}

function Found({ corpora }: { corpora: readonly Corpus[] }) {
  const faults = corpora.reduce((sum, one) => sum + one.faults.length, 0);
  return (
    <>
      <p role="status" className="sum">
        {corpora.length === 0
          ? "No corpus was found there."
          : `${many(corpora.length, "corpus", "corpora")} checked: ${faults === 0 ? "no fault" : many(faults, "fault")}.`}
      </p>
      {corpora.map((one) => (
        <Checked key={`${one.name} ${one.folder}`} corpus={one} />
      ))}
    </>
  );
}

const SUMS: Record<Corpus["sums"], string> = {
  verified: "checksums verified",
  wrong: "checksums wrong",
  written: "checksums written",
  "": "no checksums to compare with",
};

function Checked({ corpus }: { corpus: Corpus }) {
  const { title, name, folder, licence, group, counts, known_counts, groups, files, sums } = corpus;
  const splits = [...new Set([...Object.keys(counts), ...Object.keys(known_counts), ...Object.keys(groups)])];
  return (
    <article className="corpus" aria-label={title}>
      <header>
        <h2 className="name">{title}</h2>
        <Verdict corpus={corpus} />
      </header>
      <p className="quiet">{`${name} in ${folder} · ${licence} · ${many(files, "file")} looked at · ${SUMS[sums]}`}</p>
      {splits.length > 0 && (
        <Scroll label={`Splits of ${title}`}>
          <table>
            <thead>
              <tr>
                <th scope="col">split</th>
                <th scope="col" className="number">
                  records
                </th>
                <th scope="col" className="number">
                  when whole
                </th>
                <th scope="col" className="number">{`groups (${group})`}</th>
              </tr>
            </thead>
            <tbody>
              {splits.map((split) => (
                <tr key={split}>
                  <th scope="row">{split}</th>
                  <td className="number">{told(counts[split])}</td>
                  <td className="number">
                    {told(known_counts[split])}
                    {lacks(counts[split], known_counts[split])}
                  </td>
                  <td className="number">{told(groups[split])}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      <Remarks title="Faults" kind="fault" of={corpus.faults} />
      <Remarks title="Warnings" kind="warning" of={corpus.warnings} />
      <Remarks title="Remarks" kind="remark" of={corpus.remarks} />
    </article>
  );
}

function Verdict({ corpus: { faults, warnings } }: { corpus: Corpus }) {
  if (faults.length > 0) return <b className="wrong">{`✕ ${many(faults.length, "fault")}`}</b>;
  if (warnings.length > 0) return <b>{`! ${many(warnings.length, "warning")}`}</b>;
  return <b>✓ whole</b>;
}

function Remarks({ title, kind, of }: { title: string; kind: string; of: readonly string[] }) {
  if (of.length === 0) return null;
  return (
    <section className={kind} aria-label={title}>
      <h3>{title}</h3>
      <ul>
        {of.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
    </section>
  );
}

function told(count: number | undefined): string {
  return count === undefined ? "–" : whole(count);
}

function lacks(count: number | undefined, known: number | undefined): string {
  if (known === undefined || count === known) return "";
  const off = (count ?? 0) - known;
  return ` (${off > 0 ? "+" : "−"}${whole(Math.abs(off))})`;
}
