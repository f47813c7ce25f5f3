/** What `pnpm cluster` is told by its environment, and a sentence for whoever told it something wrong. */
import { mkdtempSync, rmdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeFolder } from './folders.ts';
import { isFree } from './ports.ts';

const DEFAULT_PORT = 8080;

/** sysexits.h, as the relay has them: the configuration is wrong; what is in the way may be gone in a moment. */
const EXIT_CONFIG = 78;
const EXIT_TEMPORARY = 75;

export interface ClusterSettings {
  /** Of Nginx; 0 takes a free one. */
  port: number;
  /** Where the data is kept; without it, nowhere. */
  dataDir?: string;
}

export class SettingsError extends Error {
  readonly exitCode: number;
  constructor(sentence: string, exitCode: number) {
    super(sentence);
    this.exitCode = exitCode;
  }
}

/**
 * Reads PORT and CLUSTER_DATA; an empty one counts as unset.
 * @throws SettingsError
 */
export async function readSettings(environment: NodeJS.ProcessEnv): Promise<ClusterSettings> {
  const given = environment['PORT'] || String(DEFAULT_PORT);
  const port = /^\d{1,5}$/.test(given) ? Number(given) : Infinity;
  if (port > 65_535) throw wrong('PORT', given, 'a whole number from 0 to 65535', EXIT_CONFIG);
  // Found out here, and not by Nginx after everything else has started.
  if (port > 0 && !(await isFree(port)))
    throw wrong('PORT', given, 'a port that this user may listen on and no other process does', EXIT_TEMPORARY);
  const dataDir = environment['CLUSTER_DATA'];
  if (dataDir === undefined || dataDir === '') return { port };
  try {
    makeFolder(resolve(dataDir));
    rmdirSync(mkdtempSync(join(dataDir, 'try-')));
  } catch {
    throw wrong('CLUSTER_DATA', dataDir, 'a folder that this user may write to', EXIT_CONFIG);
  }
  return { port, dataDir };
}

function wrong(variable: string, value: string, allowed: string, exitCode: number): SettingsError {
  return new SettingsError(`${variable} is "${value}"; allowed: ${allowed}.`, exitCode);
}
