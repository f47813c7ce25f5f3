import { createHash } from 'node:crypto';
import { existsSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findTool } from './tools.ts';

const LOG4J_PROPERTIES = fileURLToPath(new URL('../kafka/log4j.properties', import.meta.url));

/**
 * `quick`: only the JVM's first compiler, which saves a second and half the CPU of a start. `full`: also the optimising one,
 * which pays after minutes of load.
 */
export type Jit = 'quick' | 'full';

/** The two programs that the jars hold. */
export type JavaProgram = 'kafka' | 'zookeeper';

const PROGRAMS: Record<JavaProgram, { main: string; tuning: readonly string[] }> = {
  kafka: { main: 'kafka.Kafka', tuning: ['-Xms128m', '-Xmx256m'] },
  zookeeper: {
    main: 'org.apache.zookeeper.server.quorum.QuorumPeerMain',
    tuning: ['-Xms32m', '-Xmx96m'],
  },
};

/**
 * How to run Kafka and ZooKeeper here. Most of a JVM's start is loading classes; an archive of them, written once by a
 * start made for it, halves the time and the CPU of every later one.
 */
export class KafkaJava {
  readonly #java = findTool('java');
  readonly #jars: string;
  readonly #isTraining: boolean;

  constructor(jars: string, isTraining = false) {
    this.#jars = jars;
    this.#isTraining = isTraining;
  }

  /** Command, arguments and environment of a program with its own arguments. */
  spec(program: JavaProgram, args: readonly string[], jit: Jit = 'quick') {
    const { main, tuning } = PROGRAMS[program];
    const compilers = jit === 'quick' ? ['-XX:TieredStopAtLevel=1'] : [];
    const settings = ['-XX:+UseSerialGC', '-Djava.awt.headless=true', `-Dlog4j.configuration=file:${LOG4J_PROPERTIES}`];
    const classes = ['-cp', `${this.#jars}/*`, ...this.#archiveFlags(program)];
    return {
      command: this.#java,
      args: [...tuning, ...compilers, ...settings, ...classes, main, ...args],
      env: { PATH: process.env['PATH'] },
    };
  }

  /** Whether the archives were made, or tried in vain, for these jars and this Java. */
  get isTrained(): boolean {
    return existsSync(this.#archive('kafka')) && existsSync(this.#archive('zookeeper'));
  }

  /** After the programs of the training have ended: puts their archives in place, an empty one where there is none. */
  keepArchives(): void {
    for (const program of ['kafka', 'zookeeper'] as const) {
      const fresh = this.#freshArchive(program);
      if (!existsSync(fresh)) writeFileSync(fresh, '');
      renameSync(fresh, this.#archive(program));
    }
  }

  #archiveFlags(program: JavaProgram): string[] {
    // A Java before 13 has no such archives; one that does not fit is not used, and says nothing.
    const quiet = ['-XX:+IgnoreUnrecognizedVMOptions', '-Xshare:auto', '-Xlog:disable', '-Xlog:all=error:stderr'];
    if (this.#isTraining) return [...quiet, `-XX:ArchiveClassesAtExit=${this.#freshArchive(program)}`];
    const archive = this.#archive(program);
    const size = statSync(archive, { throwIfNoEntry: false })?.size ?? 0;
    return size === 0 ? quiet : [...quiet, `-XX:SharedArchiveFile=${archive}`];
  }

  #archive(program: JavaProgram): string {
    const java = realpathSync(this.#java);
    const version = createHash('sha256')
      .update(`${java} ${statSync(java).mtimeMs}`)
      .digest('hex')
      .slice(0, 8);
    return `${this.#jars}/${program}-${version}.jsa`;
  }

  #freshArchive(program: JavaProgram): string {
    return `${this.#archive(program)}.${process.pid}`;
  }
}
