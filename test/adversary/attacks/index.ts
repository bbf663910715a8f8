/** All attacks, by name. Those that leave something behind by right come last. */
import type { Attack } from '../attack.ts';
import { addressPoisoning } from './address-poisoning.ts';
import { balanceAtTheLimit } from './balance-at-the-limit.ts';
import { cheapSideBlocks } from './cheap-side-blocks.ts';
import { confirmedToldAgain } from './confirmed-told-again.ts';
import { earlyEdgeBlocks } from './early-edge-blocks.ts';
import { easyBitsOrphans } from './easy-bits-orphans.ts';
import { eclipse } from './eclipse.ts';
import { endlessEasyHeaders } from './endless-easy-headers.ts';
import { exportsByHead } from './exports-by-head.ts';
import { exportsNotRead } from './exports-not-read.ts';
import { garbageGossip } from './garbage-gossip.ts';
import { gossipControlFlood } from './gossip-control-flood.ts';
import { halfClosedStreams } from './half-closed-streams.ts';
import { headersThatDoNotFollow } from './headers-that-do-not-follow.ts';
import { heavyBranchWithUnpayable } from './heavy-branch-with-unpayable.ts';
import { httpGarbageTransactions } from './http-garbage-transactions.ts';
import { httpPipelining } from './http-pipelining.ts';
import { hugeLengthPrefixes } from './huge-length-prefixes.ts';
import { identifyFlood } from './identify-flood.ts';
import { idleIdentities } from './idle-identities.ts';
import { idleStrangers } from './idle-strangers.ts';
import { jsonOfUnknownKeys } from './json-of-unknown-keys.ts';
import { largeHeaders } from './large-headers.ts';
import { longPrivateBranch } from './long-private-branch.ts';
import { malformedAnswers } from './malformed-answers.ts';
import { manySmallMessages } from './many-small-messages.ts';
import { orphanFlood } from './orphan-flood.ts';
import { paidSpam } from './paid-spam.ts';
import { poolAnswersOfIds } from './pool-answers-of-ids.ts';
import { poorSenders } from './poor-senders.ts';
import { readersWhoDoNotRead } from './readers-who-do-not-read.ts';
import { receiptsNotRead } from './receipts-not-read.ts';
import { reconnectStorm } from './reconnect-storm.ts';
import { requestFloods } from './request-floods.ts';
import { rightBlockWrongWords } from './right-block-wrong-words.ts';
import { shortIdLies } from './short-id-lies.ts';
import { signatureFlood } from './signature-flood.ts';
import { silentHttpSockets } from './silent-http-sockets.ts';
import { silentTcp } from './silent-tcp.ts';
import { slowAnswers } from './slow-answers.ts';
import { slowBodies } from './slow-bodies.ts';
import { slowLoris } from './slow-loris.ts';
import { sseReadersWhoDoNotRead } from './sse-readers-who-do-not-read.ts';
import { statusExtremes } from './status-extremes.ts';
import { statusLies } from './status-lies.ts';
import { subscriptionFlood } from './subscription-flood.ts';
import { withheldBodies } from './withheld-bodies.ts';
import { withheldBranch } from './withheld-branch.ts';
import { worstCaseBlocks } from './worst-case-blocks.ts';
import { wrongSignatureTwoWays } from './wrong-signature-two-ways.ts';
import { wrongSignaturesAtTheTip } from './wrong-signatures-at-the-tip.ts';
import { wrongSignaturesOnOldParents } from './wrong-signatures-on-old-parents.ts';
import { yamuxGarbage } from './yamux-garbage.ts';
import { yamuxPings } from './yamux-pings.ts';
import { zeroLengthChunks } from './zero-length-chunks.ts';

export const ATTACKS: Readonly<Record<string, Attack>> = {
  'address-poisoning': addressPoisoning,
  'cheap-side-blocks': cheapSideBlocks,
  'confirmed-told-again': confirmedToldAgain,
  'easy-bits-orphans': easyBitsOrphans,
  eclipse: eclipse,
  'endless-easy-headers': endlessEasyHeaders,
  'exports-by-head': exportsByHead,
  'exports-not-read': exportsNotRead,
  'garbage-gossip': garbageGossip,
  'gossip-control-flood': gossipControlFlood,
  'half-closed-streams': halfClosedStreams,
  'headers-that-do-not-follow': headersThatDoNotFollow,
  'heavy-branch-with-unpayable': heavyBranchWithUnpayable,
  'http-garbage-transactions': httpGarbageTransactions,
  'http-pipelining': httpPipelining,
  'huge-length-prefixes': hugeLengthPrefixes,
  'identify-flood': identifyFlood,
  'idle-identities': idleIdentities,
  'idle-strangers': idleStrangers,
  'json-of-unknown-keys': jsonOfUnknownKeys,
  'large-headers': largeHeaders,
  'long-private-branch': longPrivateBranch,
  'malformed-answers': malformedAnswers,
  'many-small-messages': manySmallMessages,
  'orphan-flood': orphanFlood,
  'paid-spam': paidSpam,
  'pool-answers-of-ids': poolAnswersOfIds,
  'poor-senders': poorSenders,
  'readers-who-do-not-read': readersWhoDoNotRead,
  'receipts-not-read': receiptsNotRead,
  'reconnect-storm': reconnectStorm,
  'request-floods': requestFloods,
  'right-block-wrong-words': rightBlockWrongWords,
  'short-id-lies': shortIdLies,
  'signature-flood': signatureFlood,
  'silent-http-sockets': silentHttpSockets,
  'silent-tcp': silentTcp,
  'slow-answers': slowAnswers,
  'slow-bodies': slowBodies,
  'slow-loris': slowLoris,
  'sse-readers-who-do-not-read': sseReadersWhoDoNotRead,
  'status-extremes': statusExtremes,
  'status-lies': statusLies,
  'subscription-flood': subscriptionFlood,
  'withheld-bodies': withheldBodies,
  'withheld-branch': withheldBranch,
  'worst-case-blocks': worstCaseBlocks,
  'wrong-signature-two-ways': wrongSignatureTwoWays,
  'wrong-signatures-at-the-tip': wrongSignaturesAtTheTip,
  'wrong-signatures-on-old-parents': wrongSignaturesOnOldParents,
  'yamux-garbage': yamuxGarbage,
  'yamux-pings': yamuxPings,
  'zero-length-chunks': zeroLengthChunks,
  'early-edge-blocks': earlyEdgeBlocks,
  'balance-at-the-limit': balanceAtTheLimit,
};

/** @throws Error if there is none of this name */
export function attackNamed(name: string): Attack {
  const attack = ATTACKS[name];
  if (attack === undefined) throw new Error(`no attack is called ${name}: see --list`);
  return attack;
}
