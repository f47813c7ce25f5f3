/**
 * Loaded into a relay before its own program (`--import`): where the file that CHAOS_NEWER_BUILD names lies in the folder that
 * the relay runs in, it is a build of the next record version, which writes that version and knows all before it.
 */
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';

const RECORD = '/apps/relay/src/log/record.ts';
const VERSION = /(?<=^export const RECORD_VERSION = )\d+(?=;$)/mu;

const marker = process.env['CHAOS_NEWER_BUILD'];

if (marker !== undefined && existsSync(marker)) {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(RECORD)) return loaded;
      const { source } = loaded;
      const text = typeof source === 'string' ? source : new TextDecoder().decode(source ?? undefined);
      if (!VERSION.test(text)) throw new Error(`${url} has no RECORD_VERSION that could be raised`);
      return { ...loaded, source: text.replace(VERSION, (version) => String(Number(version) + 1)) };
    },
  });
}
