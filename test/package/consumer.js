/** What somebody who installed the package may write: run by `npm run test:package`. */
import assert from 'node:assert/strict';
import { encodeRecord, formatAddress, TallyClient, verifyReceipt, Wallet } from 'tallystick/client';
import { startNetwork } from 'tallystick/testing';

const network = await startNetwork({ nodes: 2 });
const [alice, bob] = network.nodes;
assert(alice !== undefined && bob !== undefined);
await alice.mine(1);
await network.converged();

const client = await alice.client();
assert(client instanceof TallyClient);
const account = Wallet.create().account(0);
const friend = formatAddress(account.address);
const { id } = await client.pay(alice.key, { to: friend, amount: 1_000_000n });
const confirmed = client.confirmed(id);
await alice.mine(1);
assert.equal((await confirmed).height, 2);
await network.converged();
assert.equal((await (await bob.client()).account(friend)).balance, '1000000');

const fileSha256 = crypto.getRandomValues(new Uint8Array(32));
const record = await client.pay(account, {
  to: friend,
  amount: 0n,
  data: encodeRecord({ sha256: fileSha256 }),
});
await alice.mine(1);
const receipt = await client.call('receipt', { params: { id: record.id } });
const { params } = await client.call('network');
const proved = await verifyReceipt(receipt, params, { fileSha256 });
assert.equal(proved.record?.fileMatches, true);
await assert.rejects(verifyReceipt({ ...receipt, index: 1 }, params), { name: 'ReceiptError' });

const seen = [];
for await (const { type, block } of client.blocks({ from: 1 })) {
  seen.push(`${type} ${block.header.height}`);
  if (seen.length === 2) break;
}
assert.deepEqual(seen, ['connected 1', 'connected 2']);
await network.stop();
