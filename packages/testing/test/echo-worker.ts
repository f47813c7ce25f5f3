import { serve } from '../src/serve.ts';

export type EchoWorker = typeof methods;

const methods = {
  echo: (value: { text: string }) => value,
  fail(why: string): never {
    throw new Error(why);
  },
};

serve(methods);
