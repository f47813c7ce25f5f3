import type { FullResult, Reporter, TestCase, TestResult } from '@playwright/test/reporter';

interface Line {
  project: string;
  statements: string;
  title: string;
  verdict: string;
  seconds: string;
}

/** Prints a line a test, what failed in full, and at the end a table by number of the statement. */
export default class TableReporter implements Reporter {
  readonly #lines: Line[] = [];

  printsToStdio(): boolean {
    return true;
  }

  onTestEnd(test: TestCase, result: TestResult): void {
    const [, project = '', , ...titles] = test.titlePath();
    const title = titles.join(' › ');
    const line = {
      project,
      statements: [...title.matchAll(/#(\d+)/g)].map((found) => found[1]).join(' '),
      title: title.replace(/\s*(?:#\d+|@[\w-]+)/g, ''),
      verdict: result.status === 'passed' ? 'passed' : result.status === 'skipped' ? 'not run' : 'FAILED',
      seconds: (result.duration / 1_000).toFixed(1),
    };
    this.#lines.push(line);
    console.log(`${line.verdict.padEnd(7)} ${line.seconds.padStart(5)} s  ${project}  ${title}`);
    for (const error of result.errors) console.log(error.stack ?? error.message ?? error.value ?? '');
  }

  onStdOut(chunk: string | Buffer): void {
    process.stdout.write(chunk);
  }

  onStdErr(chunk: string | Buffer): void {
    process.stderr.write(chunk);
  }

  onError(error: { message?: string; stack?: string }): void {
    console.log(error.stack ?? error.message ?? 'unknown error');
  }

  onEnd(result: FullResult): void {
    const sorted = this.#lines.toSorted(
      (one, other) => rank(one) - rank(other) || one.project.localeCompare(other.project),
    );
    console.log('\n| statement | where | what | verdict | s |\n|---|---|---|---|---:|');
    for (const line of sorted)
      console.log(
        `| ${line.statements || '–'} | ${line.project} | ${line.title} | ${line.verdict} | ${line.seconds} |`,
      );
    const passed = this.#lines.filter((line) => line.verdict === 'passed').length;
    const statements = new Set(
      this.#lines
        .filter((line) => line.verdict === 'passed')
        .flatMap((line) => line.statements.split(' ').filter(Boolean)),
    );
    console.log(`\n${passed} of ${this.#lines.length} passed, ${statements.size} statements held; ${result.status}`);
  }
}

// What holds no statement stands last.
const rank = (line: Line): number => Number(line.statements.split(' ')[0] || 999);
