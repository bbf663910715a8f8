/** How gossipsub is set up here. What is not mentioned is its default. */
import { createHash } from 'node:crypto';
import type { GossipsubOpts, Message } from '@libp2p/gossipsub';
import type { PeerScoreParams, PeerScoreThresholds, TopicScoreParams } from '@libp2p/gossipsub/score';
import { MAX_GOSSIP_BYTES } from '../node/wire.ts';
import { MAX_IDS_IN_FRAME } from './rpc-reader.ts';

/**
 * The longest frame, for senders and receivers alike: a receiver that took less would forget the peer for good,
 * silently. It is what gossipsub's encoder lets out, more than the longest message and what is around it,
 * because messages asked for by `iwant` leave in one frame.
 */
const MAX_FRAME_BYTES = 4 * 1_024 * 1_024;
/** Unsent bytes to one peer: seventy of the longest messages. A peer that lets more pile up loses its stream, and then its connection. */
const MAX_UNSENT_BYTES = 16 * 1_024 * 1_024;
/** Streams a peer may open for gossip, of each version: one, and one while it is replaced. Each may hold a frame. */
const MAX_INBOUND_STREAMS = 2;
/** Below this, telling a peer not to send a message costs as much as the message. */
const MIN_IDONTWANT_BYTES = 16 * 1_024;
const HEARTBEAT_MS = 700;
const MESSAGE_ID_BYTES = 20;

/** Score points. Good conduct never outweighs three invalid messages: the most to be earned is 9 + 5 a topic. */
const THRESHOLDS: PeerScoreThresholds = {
  /** Below: no exchange of message ids. Three invalid messages: 28 − 90. */
  gossipThreshold: -50,
  /** Below: gets nothing of what this node publishes. Six: 28 − 360. */
  publishThreshold: -300,
  /** Below: nothing it sends is read. Ten: 28 − 1,000, with a little decay. */
  graylistThreshold: -900,
  /** Peer exchange is not used. */
  acceptPXThreshold: 1_000,
  opportunisticGraftThreshold: 2,
};

const DECAY_INTERVAL_MS = 12_000;
const DECAY_TO_ZERO = 0.01;

/** The factor that brings a counter to zero in this time. */
function decayOver(ms: number): number {
  return DECAY_TO_ZERO ** (DECAY_INTERVAL_MS / ms);
}

const HOUR_MS = 3_600_000;

const TOPIC_SCORE: TopicScoreParams = {
  topicWeight: 1,
  // Time in the mesh: up to 9 points after an hour.
  timeInMeshWeight: 0.03,
  timeInMeshQuantum: 12_000,
  timeInMeshCap: 300,
  // Messages delivered first: up to 5 points.
  firstMessageDeliveriesWeight: 0.1,
  firstMessageDeliveriesDecay: decayOver(HOUR_MS / 6),
  firstMessageDeliveriesCap: 50,
  // Too few deliveries are no fault: the network may be idle.
  meshMessageDeliveriesWeight: 0,
  meshMessageDeliveriesDecay: 0.5,
  meshMessageDeliveriesCap: 1,
  meshMessageDeliveriesThreshold: 1,
  meshMessageDeliveriesWindow: 0,
  meshMessageDeliveriesActivation: HOUR_MS,
  meshFailurePenaltyWeight: 0,
  meshFailurePenaltyDecay: 0.5,
  // Invalid messages, counted and squared.
  invalidMessageDeliveriesWeight: -10,
  invalidMessageDeliveriesDecay: decayOver(HOUR_MS),
};

function scoring(topics: readonly string[]): Partial<PeerScoreParams> {
  return {
    topics: Object.fromEntries(topics.map((topic) => [topic, TOPIC_SCORE])),
    topicScoreCap: 28,
    // Several daemons behind one address are what devnets, labs and NATs look like.
    IPColocationFactorWeight: 0,
    behaviourPenaltyWeight: -10,
    // Grafting too early or an answer that got lost happens to honest peers.
    behaviourPenaltyThreshold: 6,
    behaviourPenaltyDecay: decayOver(HOUR_MS / 6),
    decayInterval: DECAY_INTERVAL_MS,
    decayToZero: DECAY_TO_ZERO,
    // Long enough that reconnecting washes nothing off, short enough that many false ids fit in memory.
    retainScore: HOUR_MS / 6,
  };
}

/** The topic is hashed too, or the same bytes could be published only on one of them. */
export function messageId({ topic, data }: Message): Uint8Array {
  return createHash('sha256').update(topic).update(data).digest().subarray(0, MESSAGE_ID_BYTES);
}

/** A peer may name ids of any length, some of which are kept for a few seconds; no more than an id has is kept. */
export function idText(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, Math.min(id.length, MESSAGE_ID_BYTES)).toString('base64');
}

export function gossipSettings(topics: readonly string[]): Partial<GossipsubOpts> {
  return {
    // Messages carry signatures or proof of work of their own.
    globalSignaturePolicy: 'StrictNoSign',
    msgIdFn: messageId,
    msgIdToStrFn: idText,
    allowedTopics: [...topics],
    // No connection is kept or closed by tags; each change of one is a write that a peer may cause.
    tagMeshPeers: false,
    fallbackToFloodsub: false,
    // Up to some fifty nodes it is worth the bandwidth: what a node publishes reaches its peers in one step.
    floodPublish: true,
    D: 6,
    Dlo: 4,
    Dhi: 12,
    heartbeatInterval: HEARTBEAT_MS,
    // Nobody being there is no error, nor is publishing what has just arrived.
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    maxInboundStreams: MAX_INBOUND_STREAMS,
    maxInboundDataLength: MAX_FRAME_BYTES,
    maxOutboundBufferSize: MAX_UNSENT_BYTES,
    idontwantMinDataSize: MIN_IDONTWANT_BYTES,
    gossipsubIWantFollowupMs: 12_000,
    decodeRpcLimits: {
      maxSubscriptions: 16,
      maxMessages: MAX_IDS_IN_FRAME,
      maxIhaveMessageIDs: MAX_IDS_IN_FRAME,
      maxIwantMessageIDs: MAX_IDS_IN_FRAME,
      maxIdontwantMessageIDs: 512,
      maxControlMessages: 64,
      maxPeerInfos: 0,
    },
    scoreParams: scoring(topics),
    scoreThresholds: THRESHOLDS,
  };
}

/** Of a frame, what is not message: its lengths, and the topic's name. */
const FRAME_OVERHEAD_BYTES = 1_024;
if (MAX_GOSSIP_BYTES + FRAME_OVERHEAD_BYTES > MAX_FRAME_BYTES)
  throw new RangeError('a gossip message must fit a frame');
