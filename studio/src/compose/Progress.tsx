/** How far what is being made is, and a way to end it; what went wrong with it. */

import type { Work } from "../api/jobs";

const STAGES: Record<string, string> = {
  queued: "Waiting for its turn",
  reading: "Reading",
  composing: "Composing",
  writing: "Writing",
};

export function Progress({ work: { busy, job, away, error, cancel } }: { work: Work }) {
  const stage = job?.stage || job?.state || "queued";
  return (
    <>
      <div className="work" role="status">
        {busy && (
          <>
            {!away && <progress value={job?.progress ?? 0} max={1} aria-label="How much is done" />}
            <span>{away ? "Kelly cannot be reached. It goes on when she is back." : (STAGES[stage] ?? stage)}</span>
            <button type="button" className="quiet" onClick={cancel}>
              Cancel
            </button>
          </>
        )}
      </div>
      {error !== undefined && <p role="alert">{error}</p>}
    </>
  );
}
