/** Where on the workbench one is: the view, and what was chosen in it, as the address has it. */

export const VIEWS = ["runs", "trainings", "models", "corpora", "service"] as const;
export type View = (typeof VIEWS)[number];

/** The view that an address names; runs where it names none. */
export function viewOf(query: URLSearchParams): View {
  return VIEWS.find((one) => one === query.get("view")) ?? "runs";
}

/** The address of a view, with what is chosen there: one or several of a name. */
export function hrefOf(view: View, chosen: Readonly<Record<string, string | readonly string[] | undefined>> = {}) {
  const query = new URLSearchParams({ view });
  for (const [name, values] of Object.entries(chosen)) {
    for (const value of values === undefined ? [] : [values].flat()) query.append(name, value);
  }
  return `#/workbench?${query}`;
}

/** Those that are chosen, once one more is, or one no more. */
export function toggled(chosen: readonly string[], one: string): readonly string[] {
  return chosen.includes(one) ? chosen.filter((other) => other !== one) : [...chosen, one];
}
