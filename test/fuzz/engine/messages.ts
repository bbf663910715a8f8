/** What the command and its threads say to each other. */
import type { Finding } from './finding.ts';

export interface Assignment {
  readonly target: string;
  readonly executions: number;
  readonly seconds: number;
  readonly seed: number;
}

export interface TargetResult {
  readonly target: string;
  readonly executions: number;
  readonly seconds: number;
  readonly edges: number;
  readonly newEdges: number;
  readonly inputs: number;
  /** The inputs worth keeping, base64. */
  readonly minimal: readonly string[];
}

export type FromThread =
  | { readonly kind: 'ready'; readonly targets: readonly { readonly name: string; readonly share: number }[] }
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'done'; readonly result: TargetResult };

/** Shared with a thread: what it is at, should it never come back. */
export interface SharedInput {
  /** Executions begun, and the length of the input under way. */
  readonly state: Int32Array;
  readonly input: Uint8Array;
}

export const STATE_EXECUTIONS = 0;
export const STATE_LENGTH = 1;
export const SHARED_INPUT_BYTES = 4 * 1_024 * 1_024;
