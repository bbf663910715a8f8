import { createNetwork, freshNetworkId, until } from '../support/libp2p-peers.ts';
import { networkCompliance } from '../support/network-compliance.ts';

networkCompliance('Libp2pNetwork', () => {
  const networkId = freshNetworkId();
  return {
    create: () => createNetwork(networkId),
    settle: (promise) => promise,
    until,
    end: async () => undefined,
  };
});
