/**
 * Loaded into a relay before its own program (`--import`): where the file that CHAOS_NEWER_BUILD names lies in the folder that
 * the relay runs in, it is a build of the next record version, in which messages are another kind of record. It knows all
 * versions before, and writes the new one without asking whether the other nodes know it.
 */
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';

const RECORD = '/apps/relay/src/log/record.ts';
const VERSION = /(?<=^export const RECORD_VERSION = )\d+(?=;$)/mu;
const MESSAGE_VERSION = /(?<=^ {2}message: )\d+(?=,$)/mu;

const marker = process.env['CHAOS_NEWER_BUILD'];

if (marker !== undefined && existsSync(marker)) {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(RECORD)) return loaded;
      const { source } = loaded;
      const text = typeof source === 'string' ? source : new TextDecoder().decode(source ?? undefined);
      const known = VERSION.exec(text)?.[0];
      if (known === undefined || !MESSAGE_VERSION.test(text))
        throw new Error(`${url} has no version of records and of messages that could be raised`);
      const next = String(Number(known) + 1);
      return { ...loaded, source: text.replace(VERSION, next).replace(MESSAGE_VERSION, next) };
    },
  });
}
