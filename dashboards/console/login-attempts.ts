import { isIPv6 } from 'node:net';

/** Limits wrong tokens, so that nobody can guess quickly and nobody can lock others out. */
export interface Attempts {
  /** Whether a token from this address may be checked now. */
  mayTry(address: string, now: number): boolean;
  /** Counts a wrong token. `now` is in milliseconds. */
  noteWrong(address: string, now: number): void;
}

export interface AttemptLimits {
  /** Wrong tokens per minute and address. */
  perAddress: number;
  /** Wrong tokens per minute from all addresses. Beyond this number each address has one try. */
  inAll: number;
  /** How many addresses are counted separately within a minute; all further ones count as one. */
  addresses: number;
}

const limits: AttemptLimits = { perAddress: 20, inAll: 200, addresses: 1_000 };

/** Creates an empty count of wrong tokens. The count restarts each minute. `addresses` bounds its memory. */
export function createAttempts({ perAddress, inAll, addresses }: AttemptLimits = limits): Attempts {
  const wrong = new Map<string, number>();
  let total = 0;
  let minute = 0;
  const turn = (now: number): void => {
    if (Math.floor(now / 60_000) === minute) return;
    minute = Math.floor(now / 60_000);
    total = 0;
    wrong.clear();
  };
  const keyOf = (address: string): string => {
    const own = network(address);
    return wrong.has(own) || wrong.size < addresses ? own : 'others';
  };
  return {
    mayTry: (address, now) => {
      turn(now);
      const key = keyOf(address);
      // Many addresses may share the count `others`, so it keeps the limit of one address even while every other
      // address has only one try.
      const most = total < inAll || key === 'others' ? perAddress : 1;
      return (wrong.get(key) ?? 0) < most;
    },
    noteWrong: (address, now) => {
      turn(now);
      const key = keyOf(address);
      total += 1;
      wrong.set(key, (wrong.get(key) ?? 0) + 1);
    },
  };
}

/**
 * The network of an address. The owner of one IPv6 network has 2^64 addresses, so the network counts as one address.
 */
function network(address: string): string {
  const mapped = /^::ffff:(?<v4>\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.groups?.['v4'];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('%', 1).join('').split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - front.length - back.length }, () => '0');
  return [...front, ...zeros, ...back].slice(0, 4).join(':');
}
