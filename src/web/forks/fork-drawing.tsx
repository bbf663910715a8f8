/** A fork in small: the chain above, the branch below, a mark for each block. Long sides are cut short in the middle. */
import type { ForkJson } from '../../client/fork-schemas.ts';

const MARK = 10;
const STEP = 15;
const CHAIN_Y = 4;
const BRANCH_Y = 26;
/** Marks of one side, that of the common ancestor not counted. */
const MOST = 10;
const WIDTH = (MOST + 1) * STEP;
const HEIGHT = BRANCH_Y + MARK + 4;

export function ForkDrawing({ fork }: { readonly fork: ForkJson }) {
  return (
    <svg
      class="fork-drawing"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      aria-hidden="true"
    >
      <rect class="mark of-chain" x={0} y={CHAIN_Y} width={MARK} height={MARK} rx={2} />
      <Side kind="of-chain" blocks={fork.chain.blocks} y={CHAIN_Y} />
      <path
        class="line of-branch"
        d={`M ${MARK / 2} ${CHAIN_Y + MARK} V ${BRANCH_Y + MARK / 2 - 4} q 0 4 4 4 H ${STEP}`}
      />
      <Side
        kind={fork.state === 'invalid' ? 'of-refused' : 'of-branch'}
        blocks={fork.branch.blocks}
        y={BRANCH_Y}
      />
    </svg>
  );
}

function Side({ blocks, kind, y }: { readonly blocks: number; readonly kind: string; readonly y: number }) {
  const isCut = blocks > MOST;
  const marks = Array.from({ length: Math.min(blocks, MOST) }, (_, index) => index);
  // One in the middle stands for all that are left out.
  const gap = Math.floor(MOST / 2);
  const middle = y + MARK / 2;
  return (
    <>
      {kind === 'of-chain' && blocks > 0 && (
        <path class="line" d={`M ${MARK} ${middle} H ${marks.length * STEP}`} />
      )}
      {kind !== 'of-chain' && (
        <path class="line of-branch" d={`M ${STEP} ${middle} H ${marks.length * STEP}`} />
      )}
      {marks.map((index) =>
        isCut && index === gap ? (
          <path key={index} class="cut" d={`M ${(index + 1) * STEP} ${middle} h ${MARK}`} />
        ) : (
          <rect
            key={index}
            class={`mark ${kind}`}
            x={(index + 1) * STEP}
            y={y}
            width={MARK}
            height={MARK}
            rx={2}
          />
        ),
      )}
    </>
  );
}
