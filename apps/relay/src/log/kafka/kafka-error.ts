// Refused before anything was written: no leader there, not enough replicas to begin with, or refused by its content.
const NEVER_WRITTEN = new Set([
  'NOT_LEADER_FOR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'NOT_ENOUGH_REPLICAS',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'TOPIC_AUTHORIZATION_FAILED',
  'INVALID_RECORD',
  'POLICY_VIOLATION',
]);
// The request never left this process.
const NEVER_SENT = new Set([
  'KafkaJSConnectionError',
  'KafkaJSBrokerNotFound',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSLockTimeout',
]);

/** Whether a failed produce request of one partition may have been written all the same. Unknown errors count as yes. */
export function mayBeWritten(error: unknown): boolean {
  for (const link of causes(error)) {
    if ('type' in link && typeof link.type === 'string' && NEVER_WRITTEN.has(link.type)) return false;
    if (NEVER_SENT.has(link.name)) return false;
  }
  return true;
}

export function isUnknownTopic(error: unknown): boolean {
  return causes(error).some((link) => 'type' in link && link.type === 'UNKNOWN_TOPIC_OR_PARTITION');
}

/** kafkajs wraps what happened in what it did about it. */
function causes(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let link = error; link instanceof Error && chain.length < 5; link = link.cause) chain.push(link);
  return chain;
}

/** What happened, without the wrapping. */
export function innermostText(error: unknown): string {
  return causes(error).at(-1)?.message ?? String(error);
}
