/** The cluster without containers: what tests, benchmarks and `pnpm cluster` start. */
export { startCluster } from './cluster.ts';
export type { Cluster, ClusterOptions } from './cluster.ts';
export { startKafka } from './kafka.ts';
export type { KafkaCluster, KafkaOptions } from './kafka.ts';
export { prepareKafka } from './prepare.ts';
export type { Exit, Member, MemberKind } from './member.ts';
