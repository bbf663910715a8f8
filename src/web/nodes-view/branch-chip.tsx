/** Where a daemon stands: the branch's letter in its colour, the height, some digits of the block's id. */
import { toneLetter } from './agreement.ts';
import type { SeenBlock } from './sightings.ts';

export function BranchChip({
  block,
  isShort = false,
}: {
  readonly block: SeenBlock;
  readonly isShort?: boolean;
}) {
  return (
    <span class={`branch-chip tone-${block.tone}`} title={block.id}>
      <b>
        <span class="hidden">Branch </span>
        {toneLetter(block.tone)}
      </b>
      <span class="branch-height">{block.height.toLocaleString('en')}</span>
      {!isShort && <code>{shortBlockId(block.id)}</code>}
    </span>
  );
}

/** Without the zeros, which are the proof of work. */
function shortBlockId(id: string): string {
  return id.replace(/^0+/, '').slice(0, 6);
}
