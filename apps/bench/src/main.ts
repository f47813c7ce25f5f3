/** `pnpm bench COMMAND`: measures this machine's Parley and says how it compares. README.md tells how to read it. */
import { CleanUp } from './clean-up.ts';
import { runFanOut } from './commands/fan-out.ts';
import { runIdle } from './commands/idle.ts';
import { runLatency } from './commands/latency.ts';
import { runSockets } from './commands/sockets.ts';
import { runThroughput } from './commands/throughput.ts';
import { Report } from './report.ts';
import { type Command, readSettings, type Settings, USAGE } from './settings.ts';

const EXIT_USAGE = 64;
const EXIT_INTERRUPTED = 130;

const commands: Record<Command, (settings: Settings, report: Report, cleanUp: CleanUp) => Promise<void>> = {
  latency: runLatency,
  fanout: runFanOut,
  throughput: runThroughput,
  idle: runIdle,
  sockets: runSockets,
};

const cleanUp = new CleanUp();
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interrupted = true;
    console.log('\ninterrupted: ending every process');
    void cleanUp.run().finally(() => process.exit(EXIT_INTERRUPTED));
  });
}

const settings = settingsOrUsage();
const report = new Report(settings);
try {
  await commands[settings.command](settings, report, cleanUp);
  await cleanUp.run();
  process.exitCode = report.finish() ? 0 : 1;
} catch (error) {
  // Whatever was cut off fails too, and says nothing new.
  if (!interrupted) console.error(error instanceof Error ? error.stack : error);
  await cleanUp.run();
  process.exitCode = interrupted ? EXIT_INTERRUPTED : 1;
}

function settingsOrUsage(): Settings {
  try {
    return readSettings(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(EXIT_USAGE);
  }
}
