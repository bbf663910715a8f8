import { formatAddress, parseAddress } from '../../../src/core/address.ts';
import { encodeSignedTransaction } from '../../../src/core/encoding.ts';
import type { Attack } from '../attack.ts';
import { payment } from '../hostile/forge.ts';
import { call, get } from '../hostile/http.ts';

const FEE = 10_000n;

export const balanceAtTheLimit: Attack = {
  what: 'a payment of nearly all money there is to a miner, whose account the next reward would fill beyond 2^63 − 1',
  tries: 'the template of a miner whose account is full',
  doesWrong: false,
  isLast: true,
  async run(attacker) {
    const { api, miner } = attacker.target(0);
    const { body } = await get(`${api}/v1/accounts/${formatAddress(attacker.key.address)}`);
    const { balance, sequence } = JSON.parse(body.toString()) as { balance: string; sequence: number };
    const signed = payment(attacker, attacker.key, BigInt(sequence), {
      recipient: parseAddress(miner),
      amount: BigInt(balance) - FEE,
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
