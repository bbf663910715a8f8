/** What attackers who have money can pay. */
import { formatAddress } from '../../../src/core/address.ts';
import type { SignedTransaction } from '../../../src/core/types.ts';
import type { Attacker } from './attacker.ts';
import { payment } from './forge.ts';
import { get } from './http.ts';

/** The sequence of the attacker's next payment. */
export async function nextSequence(attacker: Attacker): Promise<bigint> {
  const { api } = attacker.target();
  const { body } = await get(`${api}/v1/accounts/${formatAddress(attacker.key.address)}`);
  return BigInt((JSON.parse(body.toString()) as { pending: { sequence: number } }).pending.sequence);
}

/** A payment that a daemon would take. */
export async function richPayment(attacker: Attacker): Promise<SignedTransaction> {
  return payment(attacker, attacker.key, await nextSequence(attacker));
}
