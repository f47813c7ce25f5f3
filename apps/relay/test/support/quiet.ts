import type { Logger } from '../../src/logger.ts';

export const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} };
