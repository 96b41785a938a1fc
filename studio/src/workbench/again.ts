/** What is asked again while Kelly cannot be reached, or begins or ends, so that a page goes on by itself once it answers. */

import { ServiceError } from "../api/client";

const AGAIN = 3000; // milliseconds

/** When to ask again, by how a question stands: not where it was answered, be it by another refusal. */
export function again({ state }: { state: { error: Error | null } }): number | false {
  return state.error instanceof ServiceError && [0, 503].includes(state.error.status) ? AGAIN : false;
}
