import type { OperationId } from '@parley/protocol';

/** False when as many messages wait already as may; the text is still the caller's. */
export function trySend(send: () => OperationId | undefined): boolean {
  try {
    send();
    return true;
  } catch (cause) {
    if (cause instanceof RangeError) return false;
    throw cause;
  }
}
