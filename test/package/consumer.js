/** What somebody who installed the package may write: run by `npm run test:package`. */
import assert from 'node:assert/strict';
import { formatAddress, generateKeyPair, TallyClient } from 'tallystick/client';
import { startNetwork } from 'tallystick/testing';

const network = await startNetwork({ nodes: 2 });
const [alice, bob] = network.nodes;
assert(alice !== undefined && bob !== undefined);
await alice.mine(1);
await network.converged();

const client = await alice.client();
assert(client instanceof TallyClient);
const friend = formatAddress(generateKeyPair().address);
const { id } = await client.pay(alice.key, { to: friend, amount: 1_000_000n });
const confirmed = client.confirmed(id);
await alice.mine(1);
assert.equal((await confirmed).height, 2);
await network.converged();
assert.equal((await (await bob.client()).account(friend)).balance, '1000000');

const seen = [];
for await (const { type, block } of client.blocks({ from: 1 })) {
  seen.push(`${type} ${block.header.height}`);
  if (seen.length === 2) break;
}
assert.deepEqual(seen, ['connected 1', 'connected 2']);
await network.stop();
