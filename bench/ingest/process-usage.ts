import { readFileSync } from 'node:fs';

/** Clock ticks per second in /proc; 100 on every Linux that Node runs on. */
const TICKS = 100;

/** CPU seconds that a process and its threads have used so far; NaN for a process that has ended. Linux only. */
export function cpuSeconds(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  // The name of the program, in brackets, may contain spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? Number.NaN) + Number(fields[12] ?? Number.NaN)) / TICKS;
}

/** Resident memory of a process in MB (10^6 bytes); NaN when it has ended. */
export function residentMb(pid: number): number {
  const kib = /VmRSS:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`))?.[1];
  return (Number(kib ?? Number.NaN) * 1024) / 1e6;
}

/**
 * Samples the private memory of a process twenty times a second until `end` is called, which returns the maximum in MB.
 * Private memory excludes the pages of mapped files; the embedded engine has some 250 MB of these, which the system can
 * take back.
 */
export function watchPrivateMemory(pid: number): { end(): number } {
  let most = 0;
  const look = (): void => {
    const kib = /RssAnon:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`))?.[1];
    most = Math.max(most, (Number(kib ?? 0) * 1024) / 1e6);
  };
  const timer = setInterval(look, 50);
  return {
    end() {
      clearInterval(timer);
      return most;
    },
  };
}

export interface MemoryCourse {
  /** MB by seconds since the beginning, one point a second. */
  points: { s: number; mb: number }[];
  max_mb: number;
  /** Growth over the second half, by least squares, in MB per minute. */
  slope_mb_per_min: number;
}

/** Samples the memory of a process four times a second until `end` is called. */
export function watchMemory(pid: number): { end(): MemoryCourse } {
  const began = performance.now();
  const points: { s: number; mb: number }[] = [];
  const look = (): void => {
    const mb = residentMb(pid);
    if (!Number.isNaN(mb)) points.push({ s: (performance.now() - began) / 1_000, mb });
  };
  look();
  const timer = setInterval(look, 250);
  return {
    end() {
      clearInterval(timer);
      look();
      const late = points.slice(Math.floor(points.length / 2));
      return {
        points: points
          .filter((_, i) => i % 4 === 0)
          .map(({ s, mb }) => ({ s: Math.round(s), mb: Math.round(mb) })),
        max_mb: Math.max(...points.map(({ mb }) => mb)),
        slope_mb_per_min: slope(late) * 60,
      };
    },
  };
}

function slope(points: readonly { s: number; mb: number }[]): number {
  const n = points.length;
  const meanS = points.reduce((sum, { s }) => sum + s, 0) / n;
  const meanMb = points.reduce((sum, { mb }) => sum + mb, 0) / n;
  const above = points.reduce((sum, { s, mb }) => sum + (s - meanS) * (mb - meanMb), 0);
  const below = points.reduce((sum, { s }) => sum + (s - meanS) ** 2, 0);
  return below === 0 ? 0 : above / below;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
