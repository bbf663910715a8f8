/** The network: its rules, and how it has been doing over the last few hundred blocks. */
import { useMemo } from 'preact/hooks';
import type { AnswerOf, BlockSummaryJson } from '../../client/contract.ts';
import type { TallyClient } from '../../client/tally-client.ts';
import { formatTime } from '../components/age.tsx';
import { Amount } from '../components/amount.tsx';
import { Fact, Facts, Figure } from '../components/facts.tsx';
import { FullText } from '../components/identifier.tsx';
import { LineChart } from '../components/line-chart.tsx';
import { formatHashRate } from '../components/mining-panel.tsx';
import { Notice, Waiting } from '../components/notices.tsx';
import { counted } from '../state/activity.ts';
import { tip } from '../state/blocks.ts';
import { now } from '../state/clock.ts';
import { useLoaded } from '../state/loaded.ts';
import { network, status } from '../state/status.ts';
import { supplyAt } from '../state/supply.ts';

const BLOCKS = 400;
const PAGE = 200;
/** Mined blocks before which there is nothing to draw: two times between them. */
const LEAST_DRAWN = 3;
/** Blocks of which the hash rate is a mean: fewer say more about luck. */
const WINDOW = 20;
const REFRESH_EVERY_MS = 5_000;

export function NetworkPage() {
  const definition = network.value;
  const known = status.value;
  if (definition === undefined || known === undefined) return <Waiting />;
  const { id, params } = definition;
  return (
    <div class="page">
      <header class="page-head">
        <div>
          <p class="kicker">Network</p>
          <h1>{params.name}</h1>
        </div>
      </header>
      <div class="figures">
        <Figure name="difficulty">{formatDifficulty(known.difficulty)}</Figure>
        <Figure name={params.halfLife === 0 ? 'aimed at between blocks' : 'a block about every'}>
          {formatSeconds(params.blockInterval)}
        </Figure>
        <Figure name="in circulation">
          <Amount notches={supplyAt(params, tip.value?.height ?? 0)} />
        </Figure>
      </div>
      <Charts params={params} />
      <section class="panel">
        <h2>Parameters</h2>
        <Facts>
          <Fact name="Id">
            <FullText text={id} what="the network's id" />
          </Fact>
          <Fact name="Began">{formatTime(params.genesisTime)}</Fact>
          <Fact name="Reward">
            {params.subsidy === '0' ? (
              'none: a block brings its miner fees alone'
            ) : (
              <>
                <Amount notches={params.subsidy} />{' '}
                <span class="muted">
                  {params.halvingInterval === 0
                    ? 'for ever'
                    : `halved every ${counted(params.halvingInterval, 'block')}`}
                </span>
              </>
            )}
          </Fact>
          <Fact name="Difficulty adjusts">
            {params.halfLife === 0 ? 'never' : `by half or double within ${formatSeconds(params.halfLife)}`}
          </Fact>
          <Fact name="Largest block">{counted(params.maxBlockBytes, 'byte')}</Fact>
          <Fact name="First and easiest target">
            <code>{params.initialBits}</code>, <code>{params.limitBits}</code>
          </Fact>
          <Fact name="Given out at the start">
            {params.allocations.length === 0 ? 'nothing' : counted(params.allocations.length, 'allocation')}
          </Fact>
        </Facts>
      </section>
    </div>
  );
}

function Charts({ params }: { readonly params: AnswerOf<'network'>['params'] }) {
  const { value } = useLoaded(recentChain, 'charts', Math.floor(now.value / REFRESH_EVERY_MS));
  const series = useMemo(() => value && seriesOf(value, params), [value, params]);
  if (series === undefined) return <Waiting />;
  if (series.heights.length < LEAST_DRAWN) return <NewChain mined={series.heights.length} />;
  const { counts, difficulty, hashRate, heights, intervals, supply } = series;
  const mean =
    intervals.reduce<number>((sum, one) => sum + (one ?? 0), 0) / Math.max(1, intervals.length - 1);
  const latestRate = hashRate.at(-1) ?? undefined;
  return (
    <div class="charts">
      <LineChart
        title="Time between blocks"
        summary={`${mean.toFixed(1)} s on average, ${formatSeconds(params.blockInterval)} aimed at`}
        x={heights}
        y={intervals}
        format={(value) => `${Number(value.toFixed(1))} s`}
        isBars
      />
      <LineChart
        title="Hash rate"
        summary={
          latestRate === undefined
            ? 'not known: the last blocks say they were mined at one time'
            : `about ${formatHashRate(latestRate)}, everybody together`
        }
        x={heights}
        y={hashRate}
        format={formatHashRate}
      />
      <LineChart
        title="Difficulty"
        summary={
          params.halfLife === 0
            ? 'the same for ever on this network; 1 is the easiest it allows'
            : '1 is the easiest this network allows'
        }
        x={heights}
        y={difficulty}
        format={formatDifficulty}
      />
      <LineChart
        title="Transactions in a block"
        summary={`${counts.reduce<number>((sum, one) => sum + (one ?? 0), 0).toLocaleString('en')} in the last ${counted(counts.length, 'block')}`}
        x={heights}
        y={counts}
        format={(value) => Number(value.toFixed(1)).toLocaleString('en')}
        isBars
        isWhole
      />
      <LineChart
        title="Supply"
        summary={`${Math.round(supply.at(-1) ?? 0).toLocaleString('en')} tally`}
        x={heights}
        y={supply}
        format={(value) => Math.round(value).toLocaleString('en')}
      />
    </div>
  );
}

/** In the place of pictures that would show nothing. */
function NewChain({ mined }: { readonly mined: number }) {
  return (
    <Notice title="The chain is new.">
      <p>
        {mined === 0
          ? 'It has its genesis alone: no block has been mined yet.'
          : `${counted(mined, 'block')} after the genesis ${mined === 1 ? 'has' : 'have'} been mined.`}{' '}
        From block {LEAST_DRAWN} on, this page draws here the time between blocks, the hash rate, the
        difficulty, the transactions in each block, and the supply.{' '}
        <a href="#/">Blocks are mined on the page of the chain.</a>
      </p>
    </Notice>
  );
}

async function recentChain(client: TallyClient, signal: AbortSignal): Promise<readonly BlockSummaryJson[]> {
  const newest = await client.call('chainTree', { query: { limit: PAGE } }, { signal });
  const from = newest.length - BLOCKS;
  const earlier =
    newest.length <= PAGE
      ? []
      : (
          await client.call(
            'chainTree',
            { query: { from: Math.max(0, from), limit: newest.length - PAGE - Math.max(0, from) } },
            { signal },
          )
        ).blocks;
  return [...earlier, ...newest.blocks]
    .filter(({ state }) => state === 'chain')
    .sort((a, b) => a.height - b.height);
}

/** Of blocks after the genesis, whose time nobody took. */
function seriesOf(chain: readonly BlockSummaryJson[], params: AnswerOf<'network'>['params']) {
  const blocks = chain.filter(({ height }) => height > 0);
  const times = blocks.map(({ timestamp }) => Date.parse(timestamp));
  const easiest = targetOf(params.limitBits);
  return {
    heights: blocks.map(({ height }) => height),
    intervals: times.map((time, index) => (index === 0 ? null : (time - (times[index - 1] ?? time)) / 1_000)),
    difficulty: blocks.map(({ bits }) => easiest / targetOf(bits)),
    counts: blocks.map(({ transactions }) => transactions ?? null),
    hashRate: blocks.map((block, index) => {
      const from = Math.max(0, index - WINDOW);
      const first = blocks[from];
      const seconds = ((times[index] ?? 0) - (times[from] ?? 0)) / 1_000;
      if (first === undefined || seconds <= 0) return null;
      return Number(BigInt(block.work) - BigInt(first.work)) / seconds;
    }),
    supply: blocks.map(({ height }) => Number(supplyAt(params, height) / 1_000_000n)),
  };
}

/** Of compact bits: as exact as a picture needs. */
function targetOf(bits: string): number {
  const compact = Number(bits);
  return (compact & 0x7fffff) * 256 ** ((compact >>> 24) - 3);
}

function formatDifficulty(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}

function formatSeconds(ms: number): string {
  return ms < 120_000 ? `${Number((ms / 1_000).toFixed(1))} s` : `${Math.round(ms / 60_000)} min`;
}
