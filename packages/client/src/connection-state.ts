import type { ConnectionState } from './api.ts';

/** The phases of one socket's life, each with only what it has. */
export type ConnectionPhase =
  /** Not open yet. */
  | { readonly name: 'opening' }
  /** `hello` is out. */
  | { readonly name: 'greeting' }
  /** `welcome` came; what was missed is still coming. */
  | { readonly name: 'replaying'; readonly node: string }
  | { readonly name: 'live'; readonly node: string }
  | { readonly name: 'closed' };

/** What a socket in this phase means to the outside, on the `attempt`-th try to connect. */
export function stateOf(phase: ConnectionPhase, attempt: number): ConnectionState {
  switch (phase.name) {
    case 'replaying':
      return { status: 'catchingUp', node: phase.node };
    case 'live':
      return { status: 'online', node: phase.node };
    case 'opening':
    case 'greeting':
    case 'closed':
      break;
  }
  return { status: 'connecting', attempt };
}
