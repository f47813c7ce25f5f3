import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const run = promisify(execFile);
const cwd = fileURLToPath(new URL('..', import.meta.url));

describe('the catalogues', () => {
  test.each([['missing', '--mode', 'catalog'], ['sync']])(
    'lingui check %s',
    async (...check) => {
      const { stdout } = await run('lingui', ['check', ...check, '--workers', '1'], { cwd, shell: false }).catch(
        (error: unknown) => ({ stdout: String(error) }),
      );
      expect(stdout).toContain('PASS');
    },
    60_000,
  );
});
