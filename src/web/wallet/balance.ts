/** What an account has, as long as somebody looks. */
import type { AnswerOf } from '../../client/contract.ts';
import { reorganisation, tip } from '../state/blocks.ts';
import { now } from '../state/clock.ts';
import { type Loaded, useLoaded } from '../state/loaded.ts';
import { sent } from './sent.ts';

/** For payments of others that wait in the pool: no event tells of them. */
const REFRESH_EVERY_MS = 4_000;

/** @param address bech32m */
export function useBalance(address: string): Loaded<AnswerOf<'account'>> {
  return useLoaded(
    (client, signal) => client.account(address, { signal }),
    address,
    tip.value?.id,
    reorganisation.value,
    sent.value.length,
    Math.floor(now.value / REFRESH_EVERY_MS),
  );
}
