/** What a receipt proves, what it does not, and what it would take to forge it. */
import type { ProvenReceipt } from '../../client/verify-receipt.ts';
import { formatTime } from '../components/age.tsx';
import { Amount } from '../components/amount.tsx';
import { Fact, Facts } from '../components/facts.tsx';
import { AddressLink, FullText } from '../components/identifier.tsx';
import { counted, nounFor } from '../state/activity.ts';

/** Hashes a second a forger is thought to have: a graphics card or two. */
const FORGER_HASHES_PER_SECOND = 1e9;

interface Props {
  readonly proved: ProvenReceipt;
  /** Names; undefined where none was given. */
  readonly file: string | undefined;
  readonly networkFile: string | undefined;
}

export function Proved({ file, networkFile, proved }: Props) {
  const { block, confirmations, last, network, record, transaction, work } = proved;
  const isOfFile = record?.fileMatches === true;
  return (
    <>
      <section class="panel verdict good">
        <h2>{headline(record, isOfFile ? file : undefined)}</h2>
        <p class="verdict-work">
          <strong>{work.toLocaleString('en')}</strong> {nounFor(work, 'hash', 'hashes')} to forge, on average:{' '}
          {forgingTime(work)} at 1 GH/s, a graphics card or two.
        </p>
        <Facts>
          {record === undefined ? (
            <Fact name="Paid">
              <Amount notches={transaction.amount} /> to <AddressLink address={transaction.recipient} />
            </Fact>
          ) : (
            <>
              <Fact name="File">
                {isOfFile ? `${file} is the one on record` : 'none was given: drop it here, too'}
              </Fact>
              <Fact name="SHA-256">
                <code>{record.sha256}</code>
              </Fact>
              {record.note !== undefined && <Fact name="Note">“{record.note}”</Fact>}
            </>
          )}
          <Fact name="Time">
            {formatTime(Date.parse(block.time))} <span class="muted">by the clock of its miner</span>
          </Fact>
          <Fact name="Block">
            {block.height.toLocaleString('en')}{' '}
            <span class="muted">
              (<code>{block.id}</code>)
            </span>
          </Fact>
          <Fact name="Confirmations">
            {confirmations.toLocaleString('en')}
            {confirmations > 1 && <span class="muted"> up to block {last.height.toLocaleString('en')}</span>}
          </Fact>
          <Fact name="Signed by">
            <AddressLink address={transaction.sender} />
          </Fact>
          <Fact name="Transaction">
            <FullText text={transaction.id} what="the transaction's id" />
          </Fact>
          <Fact name="Network">
            {network.name}{' '}
            <span class="muted">
              (<code>{network.id}</code>,{' '}
              {networkFile === undefined ? 'as this daemon says' : `from ${networkFile}`})
            </span>
          </Fact>
        </Facts>
      </section>
      <section class="panel">
        <h2>Not proved</h2>
        <ul class="not-proved">
          {record !== undefined && !isOfFile && <li>that a file is the one on record: drop it here, too</li>}
          {networkFile === undefined && (
            <li>
              that this is the network you mean: its parameters are this daemon’s. Compare its id with one you
              know, or choose a network file of your own
            </li>
          )}
          {proved.notProved.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
        <p>
          <a href={`#/block/${block.id}`}>Look for the block in this daemon</a>, to see whether it is on its
          chain and how deep.
        </p>
      </section>
    </>
  );
}

/** @param file that was given, if it is the one on record */
function headline(record: ProvenReceipt['record'], file: string | undefined): string {
  if (record === undefined) return 'Proved: this payment is in a block';
  return `Proved: ${file ?? 'this fingerprint of a file'} is on record`;
}

const YEAR_S = 365.25 * 86_400;
const UNITS: readonly (readonly [limitS: number, lengthS: number, unit: string])[] = [
  [120, 1, 'second'],
  [7_200, 60, 'minute'],
  [172_800, 3_600, 'hour'],
  [2 * YEAR_S, 86_400, 'day'],
];

function forgingTime(work: bigint): string {
  const seconds = Number(work) / FORGER_HASHES_PER_SECOND;
  if (seconds < 0.001) return 'less than a millisecond';
  if (seconds < 1) return counted(Math.round(1_000 * seconds), 'millisecond');
  const [, length, unit] = UNITS.find(([limit]) => seconds < limit) ?? [0, YEAR_S, 'year'];
  const value = seconds / length;
  return value < 1e9 ? counted(Math.round(value), unit) : `${value.toExponential(1)} ${nounFor(value, unit)}`;
}
