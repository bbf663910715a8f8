/** Pays with the money it mined, twice with one sequence, to different peers, again and again. */
import { keyPairFromSeed, signPayment } from '../../client/keys.ts';
import { type Address, idFromBytes } from '../../core/identifiers.ts';
import { TransactionsMessageType } from '../../node/wire.ts';
import { active, type CreateAttack, hashesPerMs } from './attack.ts';

const MEAN_MS = 5_000;
const PEERS_KNOWN = 4;

export const doubleSpend: CreateAttack = (context) => {
  const { random, world } = context;
  const key = keyPairFromSeed(random.bytes(32));
  const machine = world.add({
    address: key.address,
    peers: random.sample(world.honest, PEERS_KNOWN),
    hashesPerMs: hashesPerMs(context),
    bend: (network) => network,
  });
  return active(context, [machine], MEAN_MS, () => {
    const { balance, sequence } = machine.node.pool.pendingAccount(key.address);
    if (balance < 10_000n) return;
    const peers = machine.network.peers().map(({ id }) => id);
    const half = Math.ceil(peers.length / 2);
    for (const side of [peers.slice(0, half), peers.slice(half)]) {
      const { signed } = signPayment(world.definition.id, key, {
        recipient: idFromBytes<Address>(random.bytes(32)),
        sequence,
        amount: balance / 2n,
        fee: 1_000n + BigInt(random.integer(3_000)),
      });
      const message = TransactionsMessageType.serialize({ salt: random.uint32(), transactions: [signed] });
      machine.network.tell(side, 'transactions', message);
    }
  });
};
