/** Why a node could not start, in a sentence for whoever set it up. */
import { resolve, sep } from 'node:path';
import { type Config, ConfigError, sayWrong } from './config.ts';
import { LogRefusedError } from './log/log.ts';

/** sysexits.h: the configuration is wrong, and a restart would end the same way. */
export const EXIT_CONFIG = 78;
/** sysexits.h: what is in the way may be gone in a moment, so that a restart can help. */
const EXIT_TEMPORARY = 75;

export interface StartFault {
  sentence: string;
  exitCode: typeof EXIT_CONFIG | typeof EXIT_TEMPORARY;
}

type Places = Pick<Config, 'host' | 'port' | 'adminPort' | 'dataDir'>;

/** Undefined for what is no matter of settings: a bug, or a machine that fails. */
export function explainStart(error: unknown, config: Places): StartFault | undefined {
  if (error instanceof ConfigError || error instanceof LogRefusedError) return final(error.message);
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const { code } = error;
  if (code === 'ENOSPC' || code === 'EDQUOT' || isFullDatabase(error))
    return temporary(sayWrong('DATA_DIR', config.dataDir, 'a folder on a disk with room'));
  if (!('syscall' in error)) return undefined;
  if (error.syscall === 'listen' || error.syscall === 'getaddrinfo') return explainListen(error, config);
  if (!('path' in error) || !isOfFolder(String(error.path), config.dataDir)) return undefined;
  return final(sayWrong('DATA_DIR', config.dataDir, 'a folder that this user may write to'));
}

function explainListen(error: { code: unknown }, config: Places): StartFault | undefined {
  const isAdmin = 'port' in error && error.port === config.adminPort;
  const port = (allowed: string): string =>
    isAdmin
      ? sayWrong('ADMIN_PORT', String(config.adminPort), allowed)
      : sayWrong('PORT', String(config.port), allowed);
  switch (error.code) {
    case 'EADDRINUSE':
      return temporary(port('a port that no other process listens on'));
    case 'EACCES':
      return final(port('a port that this user may listen on'));
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return final(sayWrong('HOST', config.host, 'an address of this machine'));
    default:
      return undefined;
  }
}

function final(sentence: string): StartFault {
  return { sentence, exitCode: EXIT_CONFIG };
}

function temporary(sentence: string): StartFault {
  return { sentence, exitCode: EXIT_TEMPORARY };
}

/** SQLITE_FULL, in the low byte of what it reports. */
function isFullDatabase(error: object): boolean {
  return 'errcode' in error && typeof error.errcode === 'number' && (error.errcode & 0xff) === 13;
}

/** Whether the path lies in the folder, or is one of the parents that had to be made for it. */
function isOfFolder(path: string, folder: string): boolean {
  const [one, other] = [resolve(path) + sep, resolve(folder) + sep];
  return one.startsWith(other) || other.startsWith(one);
}
