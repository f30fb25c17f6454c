import type { Detector } from '../detector.ts';
import { providerOutage } from './provider-outage.ts';
import { quotaExhausted } from './quota-exhausted.ts';
import { regionBlocked } from './region-blocked.ts';
import { retryStorm } from './retry-storm.ts';
import { slowDownSurge } from './slow-down-surge.ts';

/** Every kind that is looked for in the counts. */
export const detectors: readonly Detector[] = [
  slowDownSurge,
  quotaExhausted,
  regionBlocked,
  retryStorm,
  providerOutage,
];
