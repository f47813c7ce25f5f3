/** What a command found: figures beside their baselines and bars, printed as a table and written as JSON. */
import { writeFileSync } from 'node:fs';
import { describeMachine, loadAverage, versions } from './measure/machine.ts';
import type { Settings } from './settings.ts';

export interface Bar {
  /** What is compared: the value itself or its ratio to the baseline. */
  of: 'value' | 'ratio';
  least?: number;
  most?: number;
}

export interface Figure {
  name: string;
  value: number;
  unit: string;
  baseline?: number;
  bar?: Bar;
}

export class Report {
  readonly #settings: Settings;
  readonly #figures: Figure[] = [];
  readonly #notes: string[] = [];
  readonly #details: Record<string, unknown> = {};
  readonly #startedAt = new Date();
  readonly #loadBefore = loadAverage();

  constructor(settings: Settings) {
    this.#settings = settings;
    const { cpu, cores, memoryGib, kernel } = describeMachine();
    const { command, ...others } = settings;
    console.log(`pnpm bench ${process.argv.slice(2).join(' ')}`);
    console.log(
      `machine   ${cpu}, ${cores} cores, ${memoryGib} GiB, Linux ${kernel}, load ${this.#loadBefore.toFixed(1)}`,
    );
    console.log(
      `versions  ${Object.entries(versions())
        .map((pair) => pair.join(' '))
        .join(', ')}`,
    );
    console.log(
      `settings  ${command}: ${Object.entries(others)
        .map((pair) => pair.join('='))
        .join(' ')}\n`,
    );
  }

  /** A line for whoever watches. */
  say(line: string): void {
    console.log(`[${((Date.now() - this.#startedAt.getTime()) / 1000).toFixed(0).padStart(4)} s] ${line}`);
  }

  add(...figures: Figure[]): void {
    this.#figures.push(...figures);
  }

  /** What a reader must know to read the figures. */
  note(...lines: string[]): void {
    this.#notes.push(...lines);
  }

  /** Goes into the JSON only. */
  detail(name: string, value: unknown): void {
    this.#details[name] = value;
  }

  /** Prints the table; returns whether every bar was reached. */
  finish(): boolean {
    const rows = this.#figures.map((figure) => [
      figure.name,
      show(figure.value, figure.unit),
      figure.baseline === undefined ? '' : show(figure.baseline, figure.unit),
      ratioOf(figure) === undefined ? '' : `${(ratioOf(figure) ?? 0).toFixed(2)} ×`,
      describeBar(figure),
      verdictOf(figure),
    ]);
    console.log('');
    printTable([['figure', 'value', 'baseline', 'ratio', 'bar', 'verdict'], ...rows]);
    if (this.#notes.length > 0) console.log(`\n${this.#notes.join('\n')}`);
    console.log(`\nload average before ${this.#loadBefore.toFixed(1)}, after ${loadAverage().toFixed(1)}`);
    if (this.#settings.json !== undefined) this.#write(this.#settings.json);
    return this.#figures.every((figure) => verdictOf(figure) !== 'MISSED');
  }

  #write(file: string): void {
    const report = {
      at: this.#startedAt.toISOString(),
      arguments: process.argv.slice(2),
      settings: this.#settings,
      machine: describeMachine(),
      versions: versions(),
      loadAverage: { before: this.#loadBefore, after: loadAverage() },
      figures: this.#figures.map((figure) => ({ ...figure, ratio: ratioOf(figure), verdict: verdictOf(figure) })),
      notes: this.#notes,
      details: this.#details,
    };
    writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`);
    console.log(`written to ${file}`);
  }
}

function ratioOf({ value, baseline }: Figure): number | undefined {
  return baseline === undefined || baseline === 0 ? undefined : value / baseline;
}

function verdictOf(figure: Figure): 'reached' | 'MISSED' | '' {
  const { bar } = figure;
  if (bar === undefined) return '';
  const compared = bar.of === 'value' ? figure.value : ratioOf(figure);
  if (compared === undefined || !Number.isFinite(compared)) return 'MISSED';
  const holds = compared >= (bar.least ?? -Infinity) && compared <= (bar.most ?? Infinity);
  return holds ? 'reached' : 'MISSED';
}

function describeBar({ bar, unit }: Figure): string {
  if (bar === undefined) return '';
  const suffix = bar.of === 'ratio' ? '×' : unit;
  const { least, most } = bar;
  if (least !== undefined && most !== undefined) return `${least} to ${most} ${suffix}`;
  return most === undefined ? `≥ ${least} ${suffix}` : `≤ ${most} ${suffix}`;
}

function show(value: number, unit: string): string {
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : 2;
  return `${value.toFixed(digits)} ${unit}`;
}

function printTable(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  for (const [at, row] of rows.entries()) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join(' | ')
        .trimEnd(),
    );
    if (at === 0) console.log(widths.map((width) => '-'.repeat(width)).join('-|-'));
  }
}
