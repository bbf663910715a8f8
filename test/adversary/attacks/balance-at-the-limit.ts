import { formatAddress, parseAddress } from '../../../src/core/address.ts';
import { encodeSignedTransaction } from '../../../src/core/encoding.ts';
import { MAX_UINT63 } from '../../../src/core/types.ts';
import type { Attack } from '../attack.ts';
import { payment } from '../hostile/forge.ts';
import { call, get } from '../hostile/http.ts';

const FEE = 10_000n;
/** Rewards that still fit. */
const ROOM = 3n;

export const balanceAtTheLimit: Attack = {
  what: 'a payment of nearly all money there is to a miner, whose account the next reward would fill beyond 2^63 − 1',
  tries: 'the template of a miner whose account is full',
  doesWrong: false,
  isLast: true,
  async run(attacker) {
    const { api, miner } = attacker.target(0);
    const { sequence } = await accountOf(api, formatAddress(attacker.key.address));
    const { balance } = await accountOf(api, miner);
    const signed = payment(attacker, attacker.key, BigInt(sequence), {
      recipient: parseAddress(miner),
      amount: MAX_UINT63 - BigInt(balance) - ROOM * attacker.definition.params.subsidy,
      fee: FEE,
    });
    const { status } = await call(`${api}/v1/transactions`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: encodeSignedTransaction(signed),
    });
    attacker.did(`payments answered with ${status}`);
    await attacker.rest();
  },
};

async function accountOf(api: string, address: string): Promise<{ balance: string; sequence: number }> {
  const { body } = await get(`${api}/v1/accounts/${address}`);
  return JSON.parse(body.toString()) as { balance: string; sequence: number };
}
