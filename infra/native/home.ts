import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeFolder } from './folders.ts';
import { Keeper } from './keeper.ts';
import { MemberProcess } from './member.ts';
import type { MemberSpec } from './member.ts';

/** Where the members of one cluster live: their data and logs, and the keeper that ends them with this program. */
export class ClusterHome {
  readonly dataDir: string;
  readonly keeper = new Keeper();
  readonly #members: MemberProcess[] = [];
  readonly #temporary: boolean;

  /** Without a folder it makes one that is deleted at the end. */
  constructor(dataDir?: string) {
    this.#temporary = dataDir === undefined;
    this.dataDir = dataDir === undefined ? mkdtempSync(join(tmpdir(), 'parley-cluster-')) : resolve(dataDir);
    makeFolder(this.dataDir);
    if (this.#temporary) this.keeper.remove(this.dataDir);
  }

  /** Makes the member's folder and the member; it is not started yet. */
  add(spec: Omit<MemberSpec, 'logFile' | 'cwd'>): MemberProcess {
    const cwd = this.folderOf(spec.name);
    const member = new MemberProcess({ ...spec, cwd, logFile: join(this.dataDir, `${spec.name}.log`) }, this.keeper);
    this.#members.push(member);
    return member;
  }

  folderOf(name: string): string {
    const folder = join(this.dataDir, name);
    makeFolder(folder);
    return folder;
  }

  /** Kills what runs and ends the keeper. */
  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.kill()));
    await this.keeper.close();
    if (this.#temporary) rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
}
