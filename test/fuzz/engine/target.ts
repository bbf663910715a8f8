/** What is fuzzed: code that takes what strangers send, and what it may do with it. */

/** Takes one input. Throws for what must never happen; what the code may answer is no error here. */
export type Execute = (input: Uint8Array) => void | Promise<void>;

export interface Session {
  readonly execute: Execute;
  readonly close?: () => void | Promise<void>;
}

export interface FuzzTarget {
  readonly name: string;
  /** What inputs are, so that most mutations leave them that. */
  readonly shape: 'bytes' | 'json' | 'http';
  /** Longest input worth trying: a little over what the code takes. */
  readonly maxBytes: number;
  /** Valid inputs, and a few that nearly are. */
  readonly seeds: () => Uint8Array[] | Promise<Uint8Array[]>;
  /** Words of the format that stand nowhere in the code. */
  readonly words?: readonly string[];
  readonly open: () => Session | Promise<Session>;
  /** Executions after which a session with a state begins anew; without, it has none. */
  readonly renewEvery?: number;
  /** Processor time (ms) that an input may take in one turn of the event loop; `STILL_MS` for what a daemon does. */
  readonly stillMs?: number;
  /** Of the executions of all targets; 1 by default. */
  readonly share?: number;
}

/** Something that must hold for every input did not. */
class PropertyError extends Error {
  override readonly name = 'PropertyError';
}

/** @throws PropertyError saying what should have held */
export function must(condition: unknown, what: string): asserts condition {
  if (!condition) throw new PropertyError(what);
}

// biome-ignore lint/suspicious/noExplicitAny: constructors of any arguments
type ErrorClass = abstract new (...parameters: any[]) => Error;

/** @returns what `work` does, or undefined if it throws one of the errors it may @throws any other */
export function refusedBy<T>(errors: readonly ErrorClass[], work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (errors.some((allowed) => error instanceof allowed)) return undefined;
    throw error;
  }
}

/** The same for what takes its time. */
export async function refusedLaterBy<T>(
  errors: readonly ErrorClass[],
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (errors.some((allowed) => error instanceof allowed)) return undefined;
    throw error;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

/** As commands read files: what is no UTF-8 becomes U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
