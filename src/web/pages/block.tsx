/** One block: where it stands, what it commits to, and its transactions. */
import { useState } from 'preact/hooks';
import type { AnswerOf } from '../../client/contract.ts';
import type { BlockJson } from '../../client/schemas.ts';
import { formatLatency } from '../chain-view/block-card.tsx';
import { Age, formatTime } from '../components/age.tsx';
import { Amount } from '../components/amount.tsx';
import { Fact, Facts } from '../components/facts.tsx';
import { Icon } from '../components/icon.tsx';
import { AddressLink, BlockLink, CopyButton, FullText } from '../components/identifier.tsx';
import { NotchGauge } from '../components/notch-gauge.tsx';
import { Empty, Waiting } from '../components/notices.tsx';
import { TransactionRow, TransactionRowHead } from '../components/transaction-row.tsx';
import { BlockWithoutBody, LostBlock } from '../forks/lost-block.tsx';
import { counted } from '../state/activity.ts';
import { blockById, reorganisation, tip } from '../state/blocks.ts';
import { isNotFound, useLoaded } from '../state/loaded.ts';
import { maxBlockBytes, network } from '../state/status.ts';
import { subsidyAt } from '../state/supply.ts';

const FIRST_SHOWN = 100;

/** @param name an id, a height or `tip` */
export function BlockPage({ name }: { readonly name: string }) {
  const { error, value } = useLoaded(
    (client, signal) => client.call('block', { params: { block: name } }, { signal }),
    name,
    // Whether it is on the chain may have changed; what is above the chain may be there now.
    reorganisation.value,
    name === 'tip' || /^[0-9]+$/.test(name) ? tip.value?.id : undefined,
  );
  if (isNotFound(error)) return <BlockWithoutBody name={name} />;
  if (value === undefined) return <Waiting />;
  return <Block block={value} />;
}

function Block({ block }: { readonly block: BlockJson }) {
  const { header, id, nonce, size, transactions } = block;
  const height = header.height;
  const heard = blockById(id);
  const isOnChain = block.confirmations > 0;
  const confirmations = isOnChain && tip.value !== undefined ? Math.max(1, tip.value.height - height + 1) : 0;
  const fees = transactions.reduce((sum, { fee }) => sum + BigInt(fee), 0n);
  const params = network.value?.params;
  return (
    <div class="page">
      <header class="page-head">
        <div>
          <p class="kicker">Block</p>
          <h1>
            {height.toLocaleString('en')}
            <span class={`state ${isOnChain ? 'good' : 'lost'}`}>
              {isOnChain
                ? confirmations === 1
                  ? 'the tip'
                  : counted(confirmations, 'confirmation')
                : 'not on the chain'}
            </span>
          </h1>
        </div>
        <nav class="steps" aria-label="Neighbouring blocks">
          {height > 0 && (
            <a href={`#/block/${header.parent}`}>
              <Icon name="back" /> Parent
            </a>
          )}
          {isOnChain && confirmations > 1 && (
            <a href={`#/block/${height + 1}`}>
              Next <Icon name="arrow" />
            </a>
          )}
        </nav>
      </header>
      {!isOnChain && <LostBlock height={height} id={id} />}
      <section class="panel">
        <h2 class="hidden">Header</h2>
        <Facts>
          <Fact name="Id">
            <FullText text={id} what="the block's id" />
          </Fact>
          <Fact name="Parent">
            {height === 0 ? (
              <FullText text={header.parent} what="the network's id" />
            ) : (
              <BlockLink id={header.parent} />
            )}
          </Fact>
          <Fact name={height === 0 ? 'Began' : 'Mined'}>
            {formatTime(Date.parse(header.timestamp))}{' '}
            <span class="muted">
              (<Age ms={Date.parse(header.timestamp)} />)
            </span>
          </Fact>
          <Fact name="Miner">
            {height === 0 ? (
              'nobody: it follows from the network’s parameters'
            ) : (
              <>
                <AddressLink address={header.miner} />
                <CopyButton text={header.miner} what="the miner's address" />
              </>
            )}
          </Fact>
          {params !== undefined && height > 0 && (
            <Fact name="Reward">
              <Amount notches={subsidyAt(params, height) + fees} />{' '}
              <span class="muted">
                (<Amount notches={fees} /> of it fees)
              </span>
            </Fact>
          )}
          {heard?.latencyMs !== undefined && (
            <Fact name="Reached this node in">{formatLatency(heard.latencyMs)}</Fact>
          )}
          <Fact name="Size">
            <span class="inline">
              {counted(size, 'byte')} of {maxBlockBytes.value.toLocaleString('en')}
              <NotchGauge share={size / maxBlockBytes.value} />
            </span>
          </Fact>
          <Fact name="Target">
            <code>{header.bits}</code>
          </Fact>
          <Fact name="Work up to here">{counted(BigInt(block.work), 'hash', 'hashes')}</Fact>
          <Fact name="Nonce">
            <FullText text={nonce} what="the nonce" />
          </Fact>
          <Fact name="Transactions’ root">
            <FullText text={header.transactionsRoot} what="the root" />
          </Fact>
          {header.extra !== '' && <Fact name="Extra">{header.extra}</Fact>}
        </Facts>
      </section>
      <Transactions key={id} transactions={transactions} none={withoutTransactions(height, params)} />
    </div>
  );
}

/** What the miner of an empty block got, and why the genesis has no miner. */
function withoutTransactions(height: number, params: AnswerOf<'network'>['params'] | undefined): string {
  if (height > 0) {
    return params !== undefined && subsidyAt(params, height) === 0n
      ? 'None: this block brought its miner nothing, for there is no subsidy and no fee.'
      : 'None: its miner got the subsidy alone.';
  }
  const given = params?.allocations.length ?? 0;
  return given === 0
    ? 'None: the chain begins here, with nothing in circulation.'
    : `None: the chain begins here, with ${counted(given, 'allocation')} that the network’s parameters give out.`;
}

interface TransactionsProps extends Pick<BlockJson, 'transactions'> {
  /** Said if there are none. */
  readonly none: string;
}

function Transactions({ none, transactions }: TransactionsProps) {
  const [shown, setShown] = useState(FIRST_SHOWN);
  return (
    <section class="panel">
      <h2>
        Transactions <span class="count">{transactions.length.toLocaleString('en')}</span>
      </h2>
      {transactions.length === 0 ? (
        <Empty>{none}</Empty>
      ) : (
        <table class="table folding">
          <TransactionRowHead />
          <tbody>
            {transactions.slice(0, shown).map((transaction) => (
              <TransactionRow key={transaction.id} transaction={transaction} />
            ))}
          </tbody>
        </table>
      )}
      {transactions.length > shown && (
        <button type="button" class="button more" onClick={() => setShown(shown + 5 * FIRST_SHOWN)}>
          Show more
        </button>
      )}
    </section>
  );
}
