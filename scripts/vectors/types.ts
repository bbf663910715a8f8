/** Vectors of the encoding: every SSZ type, ids, addresses, signing. */
import { formatAddress } from '../../src/core/address.ts';
import { signingMessage, transactionId, transactionRoot } from '../../src/core/hashing.ts';
import { bytesToHex } from '../../src/core/hex.ts';
import { type Address, idFromBytes } from '../../src/core/identifiers.ts';
import { BUILT_IN_NETWORKS, defineNetwork } from '../../src/core/network-params.ts';
import {
  AllocationType,
  BlockType,
  HeaderType,
  MAX_UINT64,
  NetworkParamsType,
  SealedHeaderType,
  SignedTransactionType,
  TransactionsType,
  TransactionType,
} from '../../src/core/types.ts';
import { signer, signTransaction } from '../../test/support/rule-ledger.ts';
import { toJson } from './json.ts';

interface SszType<T> {
  serialize(value: T): Uint8Array;
  hashTreeRoot(value: T): Uint8Array;
}

/** Bytes counting up from `first`. */
function counting(length: number, first = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => first + i);
}

function transaction(dataBytes: number) {
  return {
    sender: counting(32, 0x10),
    sequence: 0x0102_0304_0506_0708n,
    recipient: counting(32, 0x40),
    amount: 2n ** 53n + 1n, // the first integer a JS number cannot hold
    fee: MAX_UINT64,
    data: counting(dataBytes, 0x80),
  };
}

const signed = (dataBytes: number) => ({
  transaction: transaction(dataBytes),
  signature: counting(64, 0xa0),
});

const header = (extraBytes: number) => ({
  parent: counting(32, 1),
  height: 0x1122n,
  timestamp: 1_767_225_600_001n,
  bits: 0x1e04_0000,
  miner: counting(32, 0x21),
  transactionsRoot: counting(32, 0x41),
  extra: counting(extraBytes, 0xf0),
});

const sealed = (extraBytes: number) => ({ header: header(extraBytes), nonce: counting(32, 0x61) });

const params = (allocations: number) => ({
  name: new TextEncoder().encode('Kerbhölzer'),
  genesisTime: 1n,
  blockInterval: 2n,
  halfLife: 3n,
  initialBits: 0x207f_ffff,
  limitBits: 0x2100_ffff,
  subsidy: 4n,
  halvingInterval: 5n,
  maxBlockBytes: 6,
  allocations: Array.from({ length: allocations }, (_, i) => ({
    address: counting(32, i),
    amount: BigInt(i) << 56n,
  })),
});

export function sszVectors() {
  const vector = <T>(name: string, type: SszType<T>, values: T[]) =>
    values.map((value) => ({
      type: name,
      value: toJson(value),
      bytes: bytesToHex(type.serialize(value)),
      root: bytesToHex(type.hashTreeRoot(value)),
    }));
  return [
    ...vector('Transaction', TransactionType, [0, 1, 32, 33, 64, 1_024].map(transaction)),
    ...vector('SignedTransaction', SignedTransactionType, [0, 5].map(signed)),
    ...vector('Transactions', TransactionsType, [[], [signed(0)], [signed(1), signed(2), signed(3)]]),
    ...vector('Header', HeaderType, [0, 5, 32].map(header)),
    ...vector('SealedHeader', SealedHeaderType, [0, 32].map(sealed)),
    ...vector('Block', BlockType, [
      { sealed: sealed(0), transactions: [] },
      { sealed: sealed(7), transactions: [signed(0), signed(40)] },
    ]),
    ...vector('Allocation', AllocationType, [{ address: counting(32, 9), amount: 10n }]),
    ...vector('NetworkParams', NetworkParamsType, [0, 1, 5].map(params)),
  ];
}

export function identifierVectors() {
  const people = [1, 2, 255].map((seedByte) => signer(seedByte));
  const addresses = [
    ...people.map(({ publicKey }) => publicKey),
    new Uint8Array(32),
    new Uint8Array(32).fill(255),
  ];
  const signatures = Object.values(BUILT_IN_NETWORKS).flatMap((networkParams) => {
    const network = defineNetwork(networkParams);
    return people.map((person, i) => {
      const made = signTransaction(network, person, {
        sequence: BigInt(i),
        recipient: new Uint8Array(32).fill(i),
        amount: 1_000_000n,
        fee: 200n,
        data: counting(20 * i),
      });
      return {
        networkId: network.id,
        seed: bytesToHex(person.seed),
        transaction: toJson(made.transaction),
        transactionId: transactionId(made.transaction),
        message: bytesToHex(signingMessage(network.idBytes, transactionRoot(made.transaction))),
        signature: bytesToHex(made.signature),
      };
    });
  });
  return {
    addresses: addresses.map((bytes) => ({
      bytes: bytesToHex(bytes),
      text: formatAddress(idFromBytes<Address>(bytes)),
    })),
    signatures,
  };
}
