/** What does not fit the routes does not compile: `tsc` is the test, at `npm run check`. */
import { describe, expectTypeOf, test } from 'vitest';
import type {
  Address,
  AnswerOf,
  BlockJson,
  BlockStep,
  BodyOf,
  CallArguments,
  KeyFile,
  KeyPair,
  LiveEvent,
  LookupJson,
  NetworkFile,
  ParamsOf,
  ProvenReceipt,
  QueryOf,
  ReceiptFault,
  readReceipt,
  SignedPayment,
  StatusJson,
  TallyClient,
  verifyReceipt,
  Wallet,
  WalletAccount,
  WalletErrorCode,
  writeEncrypted,
} from '../../src/client/index.ts';
import type { TestNetwork, TestNode } from '../../src/testing/index.ts';

/** Never called: it only has to compile. */
type Compiled = (client: TallyClient, key: KeyPair, network: TestNetwork) => void;

describe('routes', () => {
  test('take their own parameters, queries and bodies', () => {
    expectTypeOf<ParamsOf<'block'>>().toEqualTypeOf<{ block: string }>();
    expectTypeOf<ParamsOf<'status'>>().toEqualTypeOf<undefined>();
    expectTypeOf<QueryOf<'chain'>>().toEqualTypeOf<{ from?: number; limit?: number }>();
    expectTypeOf<BodyOf<'mine'>>().toEqualTypeOf<{ blocks: number; miner?: string }>();
    expectTypeOf<[]>().toExtend<CallArguments<'status'>>();
    expectTypeOf<[]>().toExtend<CallArguments<'chain'>>();
    expectTypeOf<[]>().not.toExtend<CallArguments<'block'>>();
    expectTypeOf<[]>().not.toExtend<CallArguments<'mine'>>();
  });

  test('answer as the contract says', () => {
    expectTypeOf<AnswerOf<'status'>>().toEqualTypeOf<StatusJson>();
    expectTypeOf<StatusJson['height']>().toEqualTypeOf<number>();
    expectTypeOf<AnswerOf<'account'>['balance']>().toEqualTypeOf<string>();
    expectTypeOf<AnswerOf<'chain'>['blocks']>().toEqualTypeOf<BlockJson[]>();
    expectTypeOf<LookupJson['status']>().toEqualTypeOf<'pending' | 'confirmed'>();
    expectTypeOf<LookupJson['height']>().toEqualTypeOf<number | undefined>();
  });

  test('refuse everything else', () => {
    const compiled: Compiled = (client) => {
      void client.call('status');
      void client.call('chain', { query: { from: 1 } });
      void client.call('status', {}, { timeoutMs: 1, retry: { forMs: 1 } });
      // @ts-expect-error there is no such route
      void client.call('blocks');
      // @ts-expect-error a parameter is missing
      void client.call('block');
      // @ts-expect-error a parameter is a text
      void client.call('block', { params: { block: 1 } });
      // @ts-expect-error this route has no parameters
      void client.call('status', { params: { block: 'tip' } });
      // @ts-expect-error there is no such query
      void client.call('chain', { query: { to: 1 } });
      // @ts-expect-error this route has no body
      void client.call('account', { params: { address: 'tally1' }, body: {} });
      // @ts-expect-error a body is missing
      void client.call('mine');
      // @ts-expect-error a count is a number
      void client.call('mine', { body: { blocks: '1' } });
      // @ts-expect-error amounts are decimal strings in JSON
      void client.call('submit', { body: { amount: 1n } });
      // @ts-expect-error a status has no such field
      void client.status().then(({ heights }) => heights);
    };
    expectTypeOf(compiled).toBeFunction();
  });
});

describe('the client', () => {
  test('yields blocks and events that tell what they are', () => {
    expectTypeOf<TallyClient['blocks']>().returns.toEqualTypeOf<AsyncGenerator<BlockStep>>();
    expectTypeOf<BlockStep['type']>().toEqualTypeOf<'connected' | 'disconnected'>();
    expectTypeOf<BlockStep['block']>().toEqualTypeOf<BlockJson>();
    expectTypeOf<Extract<LiveEvent, { type: 'missed' }>['data']>().toEqualTypeOf<{
      readonly after?: number;
    }>();
    expectTypeOf<TallyClient['pay']>().returns.resolves.toEqualTypeOf<SignedPayment>();
    expectTypeOf<TallyClient['confirmed']>().returns.resolves.toEqualTypeOf<LookupJson>();
  });

  test('takes amounts as bigint only', () => {
    const compiled: Compiled = (client, key) => {
      void client.pay(key, { to: 'tally1', amount: 1n });
      // @ts-expect-error a number
      void client.pay(key, { to: 'tally1', amount: 1 });
      // @ts-expect-error no recipient
      void client.pay(key, { amount: 1n });
      // @ts-expect-error an address is no key
      void client.pay('tally1', { to: 'tally1', amount: 1n });
      // @ts-expect-error a height is a number
      void client.blocks({ from: 1n });
    };
    expectTypeOf(compiled).toBeFunction();
  });
});

describe('wallets', () => {
  type WithWallet = (wallet: Wallet, client: TallyClient) => void;

  test('have accounts that pay and sign', () => {
    expectTypeOf<Wallet['accounts']>().items.toEqualTypeOf<WalletAccount>();
    expectTypeOf<Wallet['account']>().parameter(0).toEqualTypeOf<number | string>();
    expectTypeOf<WalletAccount['address']>().toEqualTypeOf<Address>();
    expectTypeOf<WalletAccount['kind']>().toEqualTypeOf<'derived' | 'imported' | 'watch-only'>();
    const compiled: WithWallet = (wallet, client) => {
      void client.pay(wallet.account('savings'), { to: 'tally1', amount: 1n });
      void client.signPayment(wallet.addAccount(), { to: 'tally1', amount: 1n, data: new Uint8Array(3) });
      // @ts-expect-error a wallet has several accounts: name one
      void client.pay(wallet, { to: 'tally1', amount: 1n });
      // @ts-expect-error an address as text has to be parsed
      wallet.watch('tally1');
      // @ts-expect-error accounts are added by the wallet's methods
      wallet.accounts.push(wallet.account(0));
    };
    expectTypeOf(compiled).toBeFunction();
  });

  test('are kept as text, which opens to the same', () => {
    expectTypeOf<[Wallet, string]>().toExtend<Parameters<typeof writeEncrypted>>();
    expectTypeOf<typeof writeEncrypted>().returns.resolves.toEqualTypeOf<string>();
    expectTypeOf<KeyFile['unlock']>().returns.resolves.toEqualTypeOf<Wallet>();
    expectTypeOf<'wrong-passphrase' | 'damaged'>().toExtend<WalletErrorCode>();
  });
});

describe('receipts', () => {
  test('are verified in any form against parameters, and tell what is proved', () => {
    type Verify = typeof verifyReceipt;
    expectTypeOf<AnswerOf<'receipt'>>().toExtend<Parameters<Verify>[0]>();
    expectTypeOf<string | Uint8Array>().toExtend<Parameters<Verify>[0]>();
    expectTypeOf<Verify>().parameter(1).toEqualTypeOf<NetworkFile>();
    expectTypeOf<AnswerOf<'network'>['params']>().toExtend<NetworkFile>();
    expectTypeOf<Verify>().returns.resolves.toEqualTypeOf<ProvenReceipt>();
    expectTypeOf<ProvenReceipt['work']>().toEqualTypeOf<bigint>();
    expectTypeOf<ProvenReceipt['confirmations']>().toEqualTypeOf<number>();
    expectTypeOf<'signature' | 'fingerprint' | 'branch'>().toExtend<ReceiptFault>();
    // What is only read proves nothing.
    expectTypeOf<ReturnType<typeof readReceipt>>().not.toExtend<ProvenReceipt>();
  });

  test('need the parameters', () => {
    const compiled = (verify: typeof verifyReceipt, receipt: object, network: NetworkFile): void => {
      void verify(receipt, network, { fileSha256: new Uint8Array(32) });
      // @ts-expect-error of no network
      void verify(receipt);
      // @ts-expect-error a fingerprint is bytes
      void verify(receipt, network, { fileSha256: 'e3b0c442' });
    };
    expectTypeOf(compiled).toBeFunction();
  });
});

describe('networks in tests', () => {
  test('know their nodes', () => {
    expectTypeOf<TestNetwork['nodes']>().items.toEqualTypeOf<TestNode>();
    expectTypeOf<TestNode['client']>().returns.resolves.toEqualTypeOf<TallyClient>();
    const compiled: Compiled = (_client, _key, { nodes: [alice, bob] }) => {
      // @ts-expect-error an amount is a bigint
      void alice?.send(bob?.address, 1);
    };
    expectTypeOf(compiled).toBeFunction();
  });
});
