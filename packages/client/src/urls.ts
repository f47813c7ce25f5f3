import { SOCKET_PATH } from '@parley/protocol';

/** `path` under the base URL; a base with a path of its own (`https://example.org/chat`) keeps it. */
export function httpUrl(baseUrl: string, path: string): string {
  const url = new URL(baseUrl);
  url.protocol = url.protocol.replace(/^ws/, 'http');
  url.pathname = url.pathname.replace(/\/$/, '') + path;
  return url.href;
}

/** The relay's WebSocket endpoint under the base URL. */
export function socketUrl(baseUrl: string): string {
  const url = new URL(httpUrl(baseUrl, SOCKET_PATH));
  url.protocol = url.protocol.replace(/^http/, 'ws');
  return url.href;
}
