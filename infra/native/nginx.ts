import { symlinkSync, writeFileSync } from 'node:fs';
import { lstatSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ClusterHome } from './home.ts';
import type { Member, MemberProcess } from './member.ts';
import { answers } from './probes.ts';
import { findTool } from './tools.ts';

const NGINX_CONF = fileURLToPath(new URL('../nginx/nginx.conf', import.meta.url));
const HTML = fileURLToPath(new URL('../nginx/html', import.meta.url));

/** Nginx in front of `relays`, not started yet: the shared nginx.conf with the two files it includes beside it. */
export function addNginx(home: ClusterHome, port: number, relays: readonly Pick<Member, 'port'>[]): MemberProcess {
  const folder = home.folderOf('nginx');
  linkOnce(NGINX_CONF, `${folder}/nginx.conf`);
  writeFileSync(`${folder}/site.conf`, `listen 127.0.0.1:${port} backlog=4096;\nroot ${HTML};\n`);
  const servers = relays.map((relay) => `server 127.0.0.1:${relay.port} max_fails=1 fail_timeout=0;\n`);
  writeFileSync(`${folder}/relays.conf`, servers.join(''));
  const url = `http://127.0.0.1:${port}`;
  // Workers of a root's Nginx become somebody else, who may not enter this folder.
  const user = process.getuid?.() === 0 ? ' user root;' : '';
  return home.add({
    name: 'nginx',
    kind: 'nginx',
    port,
    url,
    command: findTool('nginx'),
    args: ['-p', `${folder}/`, '-c', 'nginx.conf', '-e', 'stderr', '-g', `daemon off;${user}`],
    env: { PATH: process.env['PATH'] },
    isReady: () => answers(`${url}/nginx-health`),
    readyWithinMs: 10_000,
  });
}

function linkOnce(target: string, path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) symlinkSync(target, path);
}
