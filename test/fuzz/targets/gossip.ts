/**
 * What strangers gossip. The first byte of an input says what is put right in the rest, so that what lies behind a
 * signature, a root or a proof of work is reached too.
 */

import type { ValueOf } from '@chainsafe/ssz';
import sodium from 'sodium-native';
import { encodeSignedTransaction } from '../../../src/core/encoding.ts';
import {
  blockId,
  signingMessage,
  transactionId,
  transactionRoot,
  transactionsRoot,
} from '../../../src/core/hashing.ts';
import { idToBytes } from '../../../src/core/identifiers.ts';
import { packShortIds, shortIdsOf } from '../../../src/core/short-ids.ts';
import type { SignedTransaction, Transaction } from '../../../src/core/types.ts';
import { compactBlock, encodeCompactBlock } from '../../../src/node/compact-block.ts';
import type { TopicName } from '../../../src/node/ports.ts';
import { CompactBlockType, MAX_GOSSIP_BYTES, TransactionsMessageType } from '../../../src/node/wire.ts';
import { BlockMaker, mineHeader } from '../../support/ledger.ts';
import { type FuzzTarget, must, type Session } from '../engine/target.ts';
import { exampleBlocks, examplePayments, NETWORK, POOR, RICH } from './examples.ts';
import { NodeSession } from './node-session.ts';

/** Virtual time that passes now and then, so that what waits for it comes to its turn. */
const PASS_EVERY = 32;
const PASS_MS = 20_000;
const FIX = { content: 1, place: 2, root: 4, work: 8, shortIds: 16, bits: 32, time: 64 } as const;

type Prepare = (session: NodeSession, how: number, message: Uint8Array) => Uint8Array;

async function open(topic: TopicName, prepare: Prepare): Promise<Session> {
  const session = await NodeSession.open();
  const validate = session.network.validators.get(topic);
  if (validate === undefined) throw new Error(`nothing validates ${topic}`);
  let peer = session.newPeer();
  let executions = 0;
  return {
    execute: async (input) => {
      if (session.network.isBanned(peer) || !session.network.peers().some(({ id }) => id === peer)) {
        peer = session.newPeer();
      }
      const [how = 0] = input;
      const message = how === 0 ? input.subarray(1) : prepare(session, how, input.subarray(1));
      const verdict = await session.settled(validate(message.slice(), peer));
      must(['accept', 'ignore', 'reject'].includes(verdict), `the verdict is ${verdict}`);
      if (++executions % PASS_EVERY === 0) await session.world.clock.advance(PASS_MS);
      else await session.work(2);
      session.requireAlive();
    },
    close: async () => {
      await session.close();
      session.requireAlive();
    },
  };
}

/** Signed by who has money, whatever else it says. */
function sign(transaction: Transaction, how: number): SignedTransaction {
  const from = how & FIX.place ? RICH : POOR;
  const signedBy: Transaction = { ...transaction, sender: from.publicKey };
  const message = Buffer.from(signingMessage(NETWORK.idBytes, transactionRoot(signedBy)));
  const signature = Buffer.alloc(64);
  sodium.crypto_sign_detached(signature, message, Buffer.from(from.secretKey));
  return { transaction: signedBy, signature: Uint8Array.from(signature) };
}

const prepareTransactions: Prepare = (session, how, message) => {
  let told: ValueOf<typeof TransactionsMessageType>;
  try {
    told = TransactionsMessageType.deserialize(message.slice());
  } catch {
    return message;
  }
  const { sequence } = session.virtual.node.pool.pendingAccount(RICH.address);
  const transactions = told.transactions.map(({ transaction }, index) =>
    sign(how & FIX.root ? { ...transaction, sequence: sequence + BigInt(index) } : transaction, how),
  );
  return TransactionsMessageType.serialize({ ...told, transactions });
};

const prepareBlock: Prepare = (session, how, message) => {
  let told: ValueOf<typeof CompactBlockType>;
  try {
    told = CompactBlockType.deserialize(message.slice());
  } catch {
    return message;
  }
  const { tip } = session.virtual.node.chain;
  const tipHeader = tip.sealed.header;
  const header = { ...told.sealed.header };
  if (how & FIX.content) {
    told.prefilled = told.prefilled.map(({ signed }, index) => ({
      index,
      signed: sign(signed.transaction, FIX.place),
    }));
  }
  if (how & FIX.place) Object.assign(header, { parent: idToBytes(tip.id), height: tipHeader.height + 1n });
  if (how & FIX.time) header.timestamp = tipHeader.timestamp + 1_000n;
  if (how & FIX.bits) header.bits = NETWORK.params.initialBits;
  const transactions = told.prefilled.map(({ signed }) => signed);
  if (how & FIX.root) header.transactionsRoot = transactionsRoot(transactions);
  const sealed =
    how & FIX.work && header.bits === NETWORK.params.initialBits
      ? mineHeader(header)
      : { ...told.sealed, header };
  if (how & FIX.shortIds) {
    const ids = Buffer.concat(transactions.map(({ transaction }) => idToBytes(transactionId(transaction))));
    told.shortIds = packShortIds(shortIdsOf(new Uint8Array(ids), idToBytes(blockId(sealed))));
  }
  return CompactBlockType.serialize({ ...told, sealed });
};

function blockSeeds(): Uint8Array[] {
  const maker = new BlockMaker(NETWORK);
  const chain = exampleBlocks().map(({ block }) => maker.adopt(block));
  const tip = chain.at(-1) ?? maker.genesis;
  const waiting = examplePayments(6).slice(3);
  const blocks = [
    maker.block(tip),
    maker.block(tip, { transactions: waiting }),
    maker.block(maker.genesis),
    ...chain,
  ];
  return blocks.flatMap((checked) =>
    [0, 0xff].flatMap((how) =>
      [new Set<never>(), new Set(checked.block.transactions)].map((fresh) =>
        Uint8Array.of(how, ...encodeCompactBlock(compactBlock(checked, 1_767_225_600_000, fresh))),
      ),
    ),
  );
}

function transactionSeeds(): Uint8Array[] {
  const payments = examplePayments(9).map(({ signed }) => signed);
  must(
    payments.every((signed) => encodeSignedTransaction(signed).length > 0),
    'no payments',
  );
  return [0, 1, 3, 7].flatMap((how) =>
    [payments.slice(6), payments.slice(8), payments.slice(0, 1)].map((transactions) =>
      Uint8Array.of(how, ...TransactionsMessageType.serialize({ salt: how, transactions })),
    ),
  );
}

export const gossipTargets: readonly FuzzTarget[] = [
  {
    name: 'gossip-transactions',
    shape: 'bytes',
    maxBytes: 16 * 1_024,
    seeds: transactionSeeds,
    open: () => open('transactions', prepareTransactions),
    renewEvery: 512,
    share: 0.5,
  },
  {
    name: 'gossip-block',
    shape: 'bytes',
    maxBytes: Math.min(MAX_GOSSIP_BYTES, 16 * 1_024),
    seeds: blockSeeds,
    open: () => open('block', prepareBlock),
    renewEvery: 512,
    share: 0.5,
  },
];
