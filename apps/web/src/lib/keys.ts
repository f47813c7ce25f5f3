import type { KeyboardEvent } from 'react';

/**
 * Whether a key belongs to an input method, not to us: while composing, and for the Enter that ends a composition, which
 * Safari reports after `compositionend` with keyCode 229 (WebKit bug 165004).
 */
export function isComposing(event: KeyboardEvent): boolean {
  return event.nativeEvent.isComposing || event.keyCode === 229;
}
