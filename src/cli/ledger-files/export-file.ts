/** Writes a chain file, or goes on with one that was broken off or that the chain has outgrown. */
import { type FileHandle, open } from 'node:fs/promises';
import { ConnectionError } from '../../client/tally-client.ts';
import { ChainFileError, type ChainFilePart, ChainFileReader } from '../../core/chain-file.ts';
import { concatBytes } from '../../core/hex.ts';
import type { BlockId } from '../../core/identifiers.ts';
import { CommandError, systemCode } from '../errors.ts';
import { counted } from '../output.ts';
import type { ChainSource } from './chain-source.ts';

/** How many blocks of a file may have left the chain since: deeper reorganisations do not happen by chance. */
const MAX_STEPS_BACK = 100;
const READ_BYTES = 1_024 * 1_024;

export interface Exported {
  /** Blocks written now. */
  readonly added: number;
  readonly height: number;
  readonly tip: BlockId | undefined;
}

type Tell = (height: number) => void;
type Write = (bytes: Uint8Array) => Promise<unknown>;

/** A new file. @throws CommandError if there is one already, or if it breaks off */
export async function writeChainFile(path: string, source: ChainSource, tell: Tell): Promise<Exported> {
  const file = await openFile(path, 'wx');
  try {
    return await copy(source, undefined, (bytes) => file.writeFile(bytes), tell);
  } finally {
    await close(file);
  }
}

/** @throws CommandError if it breaks off */
export function streamChainFile(write: Write, source: ChainSource, tell: Tell): Promise<Exported> {
  return copy(source, undefined, write, tell);
}

/**
 * Goes on behind the last block of the file that is still on the chain; a file that is not there is begun.
 *
 * @throws CommandError if the file is damaged, of another network or of a chain that was left behind
 */
export async function resumeChainFile(path: string, source: ChainSource, tell: Tell): Promise<Exported> {
  const file = await openFile(path, 'a+');
  try {
    const soFar = await readSoFar(path, file, source);
    const last = await lastOnChain(path, soFar, source);
    await file.truncate(last?.endsAt ?? soFar.startEndsAt);
    const write: Write = (bytes) => file.appendFile(bytes);
    const resumed = { hasStart: soFar.startEndsAt > 0, last };
    return await copy(source, resumed, write, tell);
  } finally {
    await close(file);
  }
}

async function openFile(path: string, flags: string): Promise<FileHandle> {
  try {
    return await open(path, flags, 0o644);
  } catch (cause) {
    const code = systemCode(cause);
    if (code === 'EEXIST')
      throw new CommandError(`${path} exists already: go on with it with --resume, or name another file`, {
        cause,
      });
    throw new CommandError(`cannot write ${path} (${code ?? cause})`, { cause });
  }
}

async function close(file: FileHandle): Promise<void> {
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

interface Place {
  readonly id: BlockId;
  readonly endsAt: number;
}

interface SoFar {
  /** 0 if not even the start is there. */
  readonly startEndsAt: number;
  /** The last blocks that are whole, newest last. */
  readonly blocks: readonly Place[];
}

async function readSoFar(path: string, file: FileHandle, source: ChainSource): Promise<SoFar> {
  const reader = new ChainFileReader(source.maxBlockBytes);
  const blocks: Place[] = [];
  let startEndsAt = 0;
  try {
    for await (const chunk of file.createReadStream({
      start: 0,
      highWaterMark: READ_BYTES,
      autoClose: false,
    })) {
      for (const part of reader.read(chunk as Uint8Array)) {
        if (part.kind === 'start') {
          requireNetwork(path, part, source);
          startEndsAt = part.endsAt;
        } else if (part.kind === 'block') {
          blocks.push({ id: part.id, endsAt: part.endsAt });
          if (blocks.length > MAX_STEPS_BACK) blocks.shift();
        }
      }
    }
  } catch (error) {
    if (!(error instanceof ChainFileError)) throw error;
    throw new CommandError(`${path} is damaged (${error.message}): export to another file`, { cause: error });
  }
  return { startEndsAt, blocks };
}

function requireNetwork(
  path: string,
  { network }: Extract<ChainFilePart, { kind: 'start' }>,
  { networkId }: ChainSource,
): void {
  if (network === networkId) return;
  throw new CommandError(
    `${path} holds the chain of another network (${network}, not ${networkId}): name another file`,
  );
}

type Resumed = {
  readonly hasStart: boolean;
  readonly last: (Place & { readonly height: number }) | undefined;
};

async function lastOnChain(path: string, { blocks }: SoFar, source: ChainSource): Promise<Resumed['last']> {
  for (const place of blocks.toReversed()) {
    const height = await source.heightOf(place.id);
    if (height !== undefined) return { ...place, height };
  }
  if (blocks.length === 0) return undefined;
  throw new CommandError(
    `the chain no longer has the last ${counted(blocks.length, 'block')} of ${path}: export to another file`,
  );
}

/** @param resumed what is written already: the copy begins with its last block, which must be the same */
async function copy(
  source: ChainSource,
  resumed: Resumed | undefined,
  write: Write,
  tell: Tell,
): Promise<Exported> {
  const reader = new ChainFileReader(source.maxBlockBytes);
  let overlap = resumed?.last;
  let height = (overlap?.height ?? 1) - 1;
  let tip: BlockId | undefined;
  let added = 0;
  try {
    for await (const chunk of source.file(height + 1)) {
      const encoded: Uint8Array[] = [];
      for (const part of reader.read(chunk)) {
        if (part.kind === 'block') {
          height++;
          tip = part.id;
          if (overlap !== undefined) {
            if (overlap.id !== part.id) throw new ChainFileError('the chain was reorganised');
            overlap = undefined;
            continue;
          }
          added++;
        } else if (part.kind === 'start' && resumed?.hasStart === true) continue;
        encoded.push(part.encoded);
      }
      if (encoded.length > 0) await write(concatBytes(encoded));
      tell(height);
    }
    reader.finish();
  } catch (error) {
    if (error instanceof ConnectionError || error instanceof ChainFileError) throw brokenOff(height, error);
    // Of the operating system, not of the API.
    const code = error instanceof Error && 'syscall' in error ? systemCode(error) : undefined;
    if (code !== undefined) throw new CommandError(`cannot write the file (${code})`, { cause: error });
    throw error;
  }
  return { added, height, tip };
}

function brokenOff(height: number, cause: Error): CommandError {
  return new CommandError(
    `the export broke off after block #${height} (${cause.message}), because the daemon stopped or its chain was ` +
      'reorganised: go on with --resume',
    { cause },
  );
}
