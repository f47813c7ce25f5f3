/** Runs one command after the other for the repository's own scripts, and sums up. */
import { spawn } from 'node:child_process';

export interface Step {
  name: string;
  command: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Computes on one core and waits for nothing: the steps after it run meanwhile, its output comes when it has ended. */
  beside?: true;
}

export interface StepResult {
  name: string;
  passed: boolean;
  seconds: number;
}

/** Runs a command with this terminal's streams; resolves with its exit code (a signal counts as 1). */
export function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** As `run`; what it prints is kept and answered. */
function runQuietly({ command, args, env }: Step): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (output += part.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Runs every step, also after a failure, so that one run tells everything that is wrong. */
export async function runSteps(steps: readonly Step[]): Promise<StepResult[]> {
  const results: StepResult[] = [];
  const beside: Promise<void>[] = [];
  for (const step of steps) {
    const line = `${step.name}: ${step.command} ${step.args.join(' ')}`;
    const started = performance.now();
    const ended = (code: number): void => {
      results.push({ name: step.name, passed: code === 0, seconds: (performance.now() - started) / 1000 });
    };
    if (step.beside === true) {
      console.log(`\n── begins beside the others: ${line}`);
      beside.push(
        runQuietly(step).then(({ code, output }) => {
          console.log(`\n── ended: ${line}\n${output}`);
          ended(code);
        }),
      );
    } else {
      console.log(`\n── ${line}`);
      ended(await run(step.command, step.args, step.env));
    }
  }
  await Promise.all(beside);
  return results;
}

/** Prints a line a step and the totals; returns the exit code. */
export function report(results: readonly StepResult[]): number {
  console.log('');
  for (const { name, passed, seconds } of results)
    console.log(`${passed ? 'passed' : 'FAILED'}  ${seconds.toFixed(1).padStart(6)} s  ${name}`);
  const failed = results.filter((result) => !result.passed).length;
  console.log(`${results.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
