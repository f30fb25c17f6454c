import type { Detector } from '../detector.ts';
import { quotaExhausted } from './quota-exhausted.ts';
import { slowDownSurge } from './slow-down-surge.ts';
import { regionBlocked } from './region-blocked.ts';
import { retryStorm } from './retry-storm.ts';

/** Every detector that runs. One more is one more file beside this one and one more line here. */
export const detectors: readonly Detector[] = [slowDownSurge, quotaExhausted, regionBlocked, retryStorm];
