/** What a training is asked to learn: model, data, seed, and settings other than the usual ones. */

import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { api, given, type Schema } from "../api/client";
import { go } from "../app/route";
import { keepRoot, lastRoot } from "./checking";
import { keep } from "./following";
import { Field } from "./parts";
import { hrefOf } from "./place";
import { fieldOf, plainly, settingsOf } from "./settings";

type Question = Schema["TrainingQuestion"];
type Model = NonNullable<Question["model"]>;

const MODELS: Record<Model, string> = {
  words: "words: reads texts",
  symbolic: "symbolic: hears scores",
  sound: "sound: hears voices and music",
  notes: "notes: hears which keys are struck",
  transformer: "transformer: writes notes",
  recognizer: "recognizer: hears feelings frame by frame",
  melody: "melody: weighs pitches",
  harmony: "harmony: weighs chords",
  dynamics: "dynamics: shapes loudness and touch",
  groove: "groove: moves drums",
  nodes: "nodes: tells names apart",
};
const DEVICES: readonly Question["device"][] = ["auto", "cpu", "cuda", "mps"];
const FIELDS = ["data", "seed", "settings", "labels", "device", "model"] as const;
type Wrong = Partial<Record<(typeof FIELDS)[number] | "all", string>>;

export function TrainingForm() {
  const queries = useQueryClient();
  const [model, setModel] = useState<Model>("groove");
  const [data, setData] = useState(lastRoot);
  const [seed, setSeed] = useState("0");
  const [device, setDevice] = useState<Question["device"]>("auto");
  const [labels, setLabels] = useState("");
  const [settings, setSettings] = useState("");
  const [wrong, setWrong] = useState<Wrong>({});
  const [asked, setAsked] = useState(false);
  const here = useRef(false);

  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);

  async function begin(event: FormEvent) {
    event.preventDefault();
    const question = read();
    if (question === undefined) return;
    setAsked(true);
    try {
      const begun = await given(api.POST("/v1/trainings", { body: question }));
      keepRoot(data.trim());
      keep(queries, begun);
      if (here.current) go(hrefOf("trainings", { training: begun.id }));
    } catch (reason) {
      const message = reason instanceof Error ? reason.message : String(reason);
      setWrong({ [fieldOf(message, FIELDS) ?? "all"]: plainly(message) });
      setAsked(false);
    }
  }

  /** What was filled in; says so where something is not as it should be. */
  function read(): Question | undefined {
    const found: Wrong = {};
    if (data.trim() === "") found.data = "Say where the corpora lie: a folder of this machine, by its absolute path.";
    if (!/^\d{1,10}$/.test(seed.trim())) found.seed = "A seed is a whole number from 0 on.";
    let told: Question["settings"] = {};
    try {
      told = settingsOf(settings);
    } catch (error) {
      found.settings = (error as Error).message;
    }
    setWrong(found);
    if (Object.keys(found).length > 0) return undefined;
    const more = labels.trim() === "" ? {} : { labels: labels.trim() };
    return { model, data: data.trim(), seed: Number(seed), settings: told, device, ...more };
  }

  return (
    <form className="ask" aria-labelledby="start" onSubmit={(event) => void begin(event)} noValidate>
      <h2 id="start">Start a training</h2>
      <Field label="Model" wrong={wrong.model}>
        {(given_) => (
          <select {...given_} value={model} onChange={(event) => setModel(event.target.value as Model)}>
            {Object.entries(MODELS).map(([name, what]) => (
              <option key={name} value={name}>
                {what}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field
        label="Folder of the corpora"
        hint="On the machine that Kelly runs on, by its absolute path."
        wrong={wrong.data}
      >
        {(given_) => (
          <input
            {...given_}
            value={data}
            placeholder="/data/corpora"
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => setData(event.target.value)}
          />
        )}
      </Field>
      <Field label="Seed" wrong={wrong.seed}>
        {(given_) => (
          <input
            {...given_}
            className="short"
            inputMode="numeric"
            value={seed}
            onChange={(event) => setSeed(event.target.value)}
          />
        )}
      </Field>
      <details open={wrong.settings !== undefined || wrong.labels !== undefined || undefined}>
        <summary>Settings, labels and device</summary>
        <Field label="Settings" hint="Those other than the usual ones, a line each." wrong={wrong.settings}>
          {(given_) => (
            <textarea
              {...given_}
              rows={4}
              value={settings}
              placeholder={"recipe.epochs: 10\nrecipe.rate: 0.001"}
              spellCheck={false}
              onChange={(event) => setSettings(event.target.value)}
            />
          )}
        </Field>
        <Field label="Labels" hint="The feelings of songs, a file from kelly label." wrong={wrong.labels}>
          {(given_) => (
            <input
              {...given_}
              value={labels}
              placeholder="/data/labels.npz"
              spellCheck={false}
              onChange={(event) => setLabels(event.target.value)}
            />
          )}
        </Field>
        <Field label="Device" wrong={wrong.device}>
          {(given_) => (
            <select
              {...given_}
              value={device}
              onChange={(event) => setDevice(event.target.value as Question["device"])}
            >
              {DEVICES.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          )}
        </Field>
      </details>
      {wrong.all !== undefined && <p role="alert">{wrong.all}</p>}
      <div className="go">
        <button type="submit" className="main" disabled={asked}>
          Start training
        </button>
      </div>
    </form>
  );
}
