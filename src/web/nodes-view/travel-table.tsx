/** The last blocks, each with who had it first and how much later the others had it. */
import type { NodeJson } from '../../client/nodes-json.ts';
import { formatLatency } from '../chain-view/block-card.tsx';
import { Empty } from '../components/notices.tsx';
import { chooseNode, sightings, sightingsVersion } from '../state/nodes.ts';
import { BranchChip } from './branch-chip.tsx';
import { inOrder, type SeenBlock } from './sightings.ts';

const SHOWN = 8;

export function TravelTable({ shown }: { readonly shown: readonly NodeJson[] }) {
  void sightingsVersion.value;
  const latest = [...sightings.blocks]
    .flatMap((block) => {
      const order = inOrder(block);
      const [first] = order;
      return first === undefined ? [] : [{ block, first, order }];
    })
    .sort((a, b) => b.first.atMs - a.first.atMs)
    .slice(0, SHOWN);
  const slowestMs = Math.max(1, ...latest.map(({ first, order }) => latenessOf(order.at(-1), first)));
  return (
    <section class="panel travel">
      <h2>How the last blocks travelled</h2>
      {latest.length === 0 ? (
        <Empty>No block since anybody watched.</Empty>
      ) : (
        <div class="wide-table">
          <table class="table">
            <thead>
              <tr>
                <th scope="col">Block</th>
                {shown.map(({ name, number }) => (
                  <th key={number} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {latest.map(({ block, first }) => (
                <tr key={block.id}>
                  <td>
                    <a href={`#/block/${block.id}`} onClick={() => chooseNode(first.node)}>
                      <BranchChip block={block} />
                    </a>
                  </td>
                  {shown.map((node) => (
                    <td key={node.number}>
                      <Cell block={block} node={node} firstMs={first.atMs} slowestMs={slowestMs} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Cell({
  block,
  firstMs,
  node,
  slowestMs,
}: {
  readonly block: SeenBlock;
  readonly node: NodeJson;
  readonly firstMs: number;
  readonly slowestMs: number;
}) {
  const arrival = block.arrivals.get(node.number);
  if (arrival === undefined) return <span class="muted">–</span>;
  const lateMs = arrival.atMs - firstMs;
  if (arrival.isMined) return <strong class={`travel-mined tone-${block.tone}`}>mined</strong>;
  return (
    <span class="travel-late">
      +{formatLatency(lateMs)}
      {/* The root, so that a block that waited for a heal does not make all others look alike. */}
      <i
        class={`tone-${block.tone}`}
        style={{ width: `${Math.max(3, 100 * Math.sqrt(lateMs / slowestMs))}%` }}
      />
    </span>
  );
}

function latenessOf(last: { readonly atMs: number } | undefined, first: { readonly atMs: number }): number {
  return last === undefined ? 0 : last.atMs - first.atMs;
}
