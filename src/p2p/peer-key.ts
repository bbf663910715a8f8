/** The key a daemon is known by among its peers. Kept on disk by the daemon, so that its name stays. */
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys';
import type { PeerId as Libp2pPeerId, PrivateKey } from '@libp2p/interface';
import { OperationError, type PeerId } from '../node/ports.ts';

/** A new Ed25519 private key, as libp2p's protobuf. */
export async function createPeerKey(): Promise<Uint8Array> {
  return privateKeyToProtobuf(await generateKeyPair('Ed25519'));
}

/** @throws OperationError if these bytes are no Ed25519 key */
export function readPeerKey(bytes: Uint8Array): PrivateKey {
  let key: PrivateKey;
  try {
    key = privateKeyFromProtobuf(bytes);
  } catch (cause) {
    throw new OperationError('the peer key is damaged: remove its file, and a new one is made', { cause });
  }
  if (key.type !== 'Ed25519') {
    throw new OperationError(
      `the peer key is ${key.type}, not Ed25519: remove its file, and a new one is made`,
    );
  }
  return key;
}

export function peerIdOf(id: Libp2pPeerId): PeerId {
  return id.toString() as PeerId;
}
