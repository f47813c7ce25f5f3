import type { Log } from '@parley/relay/log';
import type { LoggedRecord } from '@parley/relay/record';
import type { RelayDoors } from '../cluster/relay.ts';
import { wrapSocket } from './wrap-socket.ts';

/**
 * Repeats are not recognised: the reducer, which does that by id and would not work without, is handed each under an id of its own,
 * and clients get the id that it had.
 */
export function takeRepeatsForNew(): Partial<RelayDoors> {
  /** Where each operation was first written, by partition; all nodes read the same. */
  const firsts = new Map<string, number>();
  const originals = new Map<string, string>();

  const change = (partition: number, record: LoggedRecord): LoggedRecord => {
    const [version, kind, id = '', author, at] = record.head.split(' ');
    if (kind !== 'message') return record;
    const name = `${partition} ${record.key} ${author} ${id}`;
    const first = firsts.get(name);
    if (first === undefined || record.offset < first) firsts.set(name, record.offset);
    if (first === undefined || record.offset <= first) return record;
    const other = id.slice(0, 24) + (0xd00000000000 + record.offset * 256 + partition).toString(16);
    originals.set(other, id);
    return { ...record, head: [version, kind, other, author, at].join(' ') };
  };

  return {
    log: (log) => changeRecords(log, change),
    socket: (socket) =>
      wrapSocket(socket, (bytes) => {
        if (originals.size === 0) return bytes;
        // Ids are of one length, so the frames stay what they are.
        const text = Buffer.from(bytes).toString('latin1');
        return Buffer.from(
          text.replace(/[0-9a-f-]{24}d[0-9a-f]{11}/g, (id) => originals.get(id) ?? id),
          'latin1',
        );
      }),
  };
}

function changeRecords(log: Log, change: (partition: number, record: LoggedRecord) => LoggedRecord): Log {
  const start: Log['start'] = (handlers) =>
    log.start({
      ...handlers,
      onBatch: (batch) => {
        const isLog = batch.topic === 'log';
        return handlers.onBatch(
          isLog ? { ...batch, records: batch.records.map((record) => change(batch.partition, record)) } : batch,
        );
      },
    });
  return new Proxy(log, {
    get(target, name) {
      if (name === 'start') return start;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
