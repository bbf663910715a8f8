/** What somebody who installed the package may write: compiled by `npm run test:package`, and here with the rest. */
import {
  type BlockJson,
  type KeyPair,
  type LookupJson,
  type ProvenReceipt,
  type StatusJson,
  TallyClient,
  verifyReceipt,
  Wallet,
} from 'tallystick/client';
import { startNetwork } from 'tallystick/testing';

export async function compiles(client: TallyClient, key: KeyPair): Promise<void> {
  const status: StatusJson = await client.call('status');
  const height: number = status.height;
  const block: BlockJson = await client.call('block', { params: { block: 'tip' } });
  const found: LookupJson = await client.confirmed(block.id, { confirmations: height });
  const balance: string = (await client.account(found.transaction.sender)).balance;
  const paid: { id: string } = await client.pay(key, { to: balance, amount: 1n });
  const wallet: Wallet = Wallet.create();
  const thanks: { id: string } = await client.pay(wallet.account(0), { to: balance, amount: 1n });
  const receipt = await client.call('receipt', { params: { id: thanks.id } });
  const proved: ProvenReceipt = await verifyReceipt(receipt, (await client.call('network')).params);
  const work: bigint = proved.work;
  for await (const step of client.blocks({ from: height })) {
    const type: 'connected' | 'disconnected' = step.type;
    if (type === 'connected') break;
  }
  const network = await startNetwork({ nodes: 3 });
  const [alice, bob, carol] = network.nodes;
  const bytes: bigint = alice.balance();
  const same: TallyClient = await alice.client();
  console.log(paid, work, bytes, same, bob.name, carol.name);

  // @ts-expect-error a route that is none
  await client.call('nothing');
  // @ts-expect-error a parameter is missing
  await client.call('block');
  // @ts-expect-error an amount is a bigint
  await client.pay(key, { to: balance, amount: 1 });
}

export const client = new TallyClient({ retry: false });
