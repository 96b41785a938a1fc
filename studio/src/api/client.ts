/** The service, typed by its own description. */

import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schema = components["schemas"];
export type Problem = Schema["Problem"];

export const api = createClient<paths>({ baseUrl: "/" });

/** What went wrong, in words that say what to do. */
export class ServiceError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of an answer. Throws ServiceError where the service refused, or could not be reached. */
export async function given<T>(asked: Promise<Answer<T>>): Promise<T> {
  const answer = await reached(asked);
  if (answer.error !== undefined || answer.data === undefined) throw refused(answer.error, answer.response);
  return answer.data;
}

/** The answer to what is no JSON, such as sound. Throws as `given` does. */
export async function fetched(url: string, signal: AbortSignal): Promise<Response> {
  const answer = await reached(fetch(url, { signal }));
  if (!answer.ok) throw refused(await answer.json().catch(() => undefined), answer);
  return answer;
}

async function reached<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ServiceError("Kelly cannot be reached. Is `kelly studio` still running?", 0);
  }
}

/** What a refusal says. */
export function refused(problem: unknown, response: Response): ServiceError {
  if (response.status === 401) return new ServiceError("This Kelly asks for a token. Load the page again.", 401);
  const detail = isProblem(problem) ? sentence(problem.detail) : `The service answered ${response.status}.`;
  const again = response.headers.get("Retry-After");
  return new ServiceError(again === null ? detail : `${detail} Try again in ${again} s.`, response.status);
}

function isProblem(value: unknown): value is Problem {
  return typeof value === "object" && value !== null && "detail" in value && typeof value.detail === "string";
}

/** A detail as a sentence: it begins with a capital and ends with a stop. */
export function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
