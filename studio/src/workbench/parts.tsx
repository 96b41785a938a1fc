/** Small things that the views share: states, fields, and what goes wrong. */

import { type ReactNode, useId } from "react";

const SIGNS: Readonly<Record<string, string>> = {
  running: "▸",
  done: "✓",
  stopped: "◼",
  failed: "✕",
  unfinished: "○",
  damaged: "✕",
};

/** A state in a word, with a sign for the eye. */
export function State({ of, children }: { of: string; children?: ReactNode }) {
  return (
    <span className="state" data-state={of}>
      <span aria-hidden="true">{SIGNS[of] ?? "·"}</span> {children ?? of}
    </span>
  );
}

interface FieldProps {
  label: string;
  hint?: string;
  wrong?: string | undefined;
  /** Makes the input of the field, which is told what it is called and what is wrong with it. */
  children: (given: { id: string; "aria-describedby"?: string; "aria-invalid"?: true }) => ReactNode;
}

export function Field({ label, hint, wrong, children }: FieldProps) {
  const id = useId();
  const told = [hint === undefined ? "" : `${id}h`, wrong === undefined ? "" : `${id}w`].filter((one) => one !== "");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        ...(told.length > 0 ? { "aria-describedby": told.join(" ") } : {}),
        ...(wrong === undefined ? {} : { "aria-invalid": true as const }),
      })}
      {hint !== undefined && (
        <p id={`${id}h`} className="hint">
          {hint}
        </p>
      )}
      {wrong !== undefined && (
        <p id={`${id}w`} role="alert">
          {wrong}
        </p>
      )}
    </div>
  );
}

/** A box that scrolls sideways by itself, so that the page need not. */
export function Scroll({ label, children }: { label: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
    <section className="scroll" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}

/** What is shown until something is there, or where it will not be. */
export function Waiting({ error, what }: { error: Error | null; what: string }) {
  if (error !== null) return <p role="alert">{error.message}</p>;
  return (
    <p className="none" role="status">
      {`${what} …`}
    </p>
  );
}

/** A number with its name above it; for lists of them. */
export function Tile({ name, children }: { name: string; children: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
