/** Why a node could not start, in a sentence for whoever set it up. */
import { type Config, ConfigError, sayWrong } from './config.ts';
import { LogRefusedError } from './log/log.ts';

export interface StartFault {
  sentence: string;
  /** A restart with the same settings would end the same way. */
  isFinal: boolean;
}

/** Undefined for what is no matter of settings: a bug, or a machine that fails. */
export function explainStart(
  error: unknown,
  config: Pick<Config, 'host' | 'port' | 'adminPort' | 'dataDir'>,
): StartFault | undefined {
  if (error instanceof ConfigError || error instanceof LogRefusedError)
    return { sentence: error.message, isFinal: true };
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  if (error.syscall === 'listen' || error.syscall === 'getaddrinfo') return explainListen(error, config);
  if (!isOfFiles(error.code)) return undefined;
  return { sentence: sayWrong('DATA_DIR', config.dataDir, 'a folder that this user may write to'), isFinal: true };
}

function explainListen(
  error: { code: unknown },
  config: Pick<Config, 'host' | 'port' | 'adminPort'>,
): StartFault | undefined {
  const isAdmin = 'port' in error && error.port === config.adminPort;
  const port = (allowed: string): string =>
    isAdmin
      ? sayWrong('ADMIN_PORT', String(config.adminPort), allowed)
      : sayWrong('PORT', String(config.port), allowed);
  switch (error.code) {
    case 'EADDRINUSE':
      return { sentence: port('a port that no other process listens on'), isFinal: false };
    case 'EACCES':
      return { sentence: port('a port that this user may listen on'), isFinal: true };
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return { sentence: sayWrong('HOST', config.host, 'an address of this machine'), isFinal: true };
    default:
      return undefined;
  }
}

function isOfFiles(code: unknown): boolean {
  return code === 'EACCES' || code === 'EPERM' || code === 'ENOTDIR' || code === 'EEXIST' || code === 'EROFS';
}
