/** Amounts in tally, thousands apart, so that columns of them line up at the point. */
import { formatTally } from '../../client/amount.ts';

const DECIMALS = 6;

interface Props {
  /** Decimal string of notches. */
  readonly notches: string | bigint;
  /** In a column: what is missing behind the point takes its room. */
  readonly isAligned?: boolean;
  readonly sign?: '+' | '−' | '';
}

export function Amount({ isAligned = false, notches, sign = '' }: Props) {
  const [whole = '0', fraction = ''] = formatTally(BigInt(notches)).split('.');
  const padding = DECIMALS - fraction.length + (fraction === '' ? 1 : 0);
  return (
    <span class="amount">
      {sign}
      {whole.replace(/\B(?=(\d{3})+$)/g, ',')}
      {fraction !== '' && <span class="fraction">.{fraction}</span>}
      {isAligned && (
        <span class="padding" aria-hidden="true">
          {(fraction === '' ? '.' : '') + '0'.repeat(padding - (fraction === '' ? 1 : 0))}
        </span>
      )}
      {!isAligned && <span class="unit"> tally</span>}
    </span>
  );
}
