import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

// Debian has Nginx where only root looks.
const ALSO_IN = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/opt/homebrew/bin'];

/**
 * The path of a program that the cluster needs.
 * @throws Error that says what to do when it is not installed.
 */
export function findTool(name: 'java' | 'mvn' | 'nginx'): string {
  const home = process.env['JAVA_HOME'];
  const javaHome = name === 'java' && home !== undefined && home !== '' ? [join(home, 'bin')] : [];
  for (const folder of [...javaHome, ...(process.env['PATH'] ?? '').split(':'), ...ALSO_IN]) {
    const path = join(folder, name);
    if (folder !== '' && isExecutable(path)) return path;
  }
  throw new Error(`${name} is not installed; \`pnpm run setup\` gets it or says how`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
