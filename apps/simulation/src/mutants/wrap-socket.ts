import type { FrameSocket } from '@parley/relay/outbound';

/** A socket that writes something else than it was given. */
export function wrapSocket(socket: FrameSocket, change: (bytes: Uint8Array) => Uint8Array): FrameSocket {
  return {
    get bufferedBytes() {
      return socket.bufferedBytes;
    },
    write(bytes) {
      const changed = change(bytes);
      if (changed.length > 0) socket.write(changed);
    },
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
    ping: () => socket.ping(),
  };
}
