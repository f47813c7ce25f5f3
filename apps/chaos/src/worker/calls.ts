/** What travels between the runner and its client processes. */
export type Methods = Record<string, (argument: never) => unknown>;

export interface Call {
  id: number;
  method: string;
  argument: unknown;
}

export interface Answer {
  id: number;
  value?: unknown;
  error?: string;
}
