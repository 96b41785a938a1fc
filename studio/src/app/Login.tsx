/** Where a service asks for a token: shown once, after which the browser is known by a cookie that no script can read. */

import { type FormEvent, useId, useState } from "react";
import { refused } from "../api/client";

export function Login({ onDone }: { onDone: () => void }) {
  const id = useId();
  const [token, setToken] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);

  async function shown(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    try {
      const headers = { Authorization: `Bearer ${token.trim()}` };
      const answer = await fetch("/v1/sessions", { method: "POST", headers });
      if (answer.ok) onDone();
      else if (answer.status === 401) setError("That is not the token of this service. Ask whoever runs it.");
      else setError(refused(await answer.json().catch(() => undefined), answer).message);
    } catch {
      setError("Kelly cannot be reached, or the token has letters that none has. Try again.");
    } finally {
      setBusy(false);
    }
  }

  return (
    <main className="login">
      <form onSubmit={(event) => void shown(event)}>
        <h1>This Kelly asks for a token</h1>
        <label htmlFor={id}>Token</label>
        <input
          id={id}
          type="password"
          autoComplete="current-password"
          value={token}
          onChange={(event) => setToken(event.target.value)}
        />
        <button type="submit" className="main" disabled={busy || token.trim() === ""}>
          Go in
        </button>
        {error !== "" && <p role="alert">{error}</p>}
      </form>
    </main>
  );
}
