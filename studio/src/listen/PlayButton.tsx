/** A button that plays and pauses. */

interface Props {
  playing: boolean;
  waits: boolean;
  onToggle: () => void;
}

export function PlayButton({ playing, waits, onToggle }: Props) {
  const label = waits ? "The sound is being made ready" : playing ? "Pause" : "Play";
  return (
    <button
      type="button"
      className="play"
      disabled={waits}
      aria-busy={waits}
      aria-label={label}
      title={label}
      onClick={onToggle}
    >
      <svg viewBox="0 0 20 20" aria-hidden="true">
        {playing ? <path d="M5 4h3.5v12H5zM11.5 4H15v12h-3.5z" /> : <path d="M6 3.5v13l11-6.5z" />}
      </svg>
    </button>
  );
}
