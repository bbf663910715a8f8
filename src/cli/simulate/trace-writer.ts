/** Writes the trace of a simulation, one line an event, as fast as the disk takes it. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { formatEntry, type TraceEntry } from '../../simulation/trace.ts';
import { CommandError, systemCode } from '../errors.ts';

/** Characters gathered before they are written. */
const CHUNK = 65_536;

export class TraceWriter {
  /** Undefined: standard output. */
  readonly #file: number | undefined;
  #text = '';

  /**
   * @param path true: standard output
   * @throws CommandError if the file cannot be written
   */
  constructor(path: string | true) {
    if (path === true) return;
    try {
      this.#file = openSync(path, 'w');
    } catch (cause) {
      throw new CommandError(`cannot write ${path} (${systemCode(cause) ?? cause})`, { cause });
    }
  }

  write(entry: TraceEntry): void {
    this.#text += `${formatEntry(entry)}\n`;
    if (this.#text.length >= CHUNK) this.#flush();
  }

  end(): void {
    this.#flush();
    if (this.#file !== undefined) closeSync(this.#file);
  }

  #flush(): void {
    if (this.#file === undefined) process.stdout.write(this.#text);
    else writeSync(this.#file, this.#text);
    this.#text = '';
  }
}
