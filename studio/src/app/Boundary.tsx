/** What is shown where a page cannot be: it could not be loaded, or fell over what it was given. */

import { Component, type ReactNode } from "react";

export class Boundary extends Component<{ children: ReactNode }, { fell: boolean }> {
  override state = { fell: false };

  static getDerivedStateFromError() {
    return { fell: true };
  }

  override render() {
    if (!this.state.fell) return this.props.children;
    return (
      <main className="fell">
        <p role="alert">This page cannot be shown. Load it again; if that does not help, start `kelly studio` anew.</p>
        <button type="button" className="main" onClick={() => window.location.reload()}>
          Load again
        </button>
      </main>
    );
  }
}
