import type { Detector } from '../detector.ts';
import { authFailure } from './auth-failure.ts';
import { errorSurge } from './error-surge.ts';
import { unclassified } from './unclassified.ts';
import { providerOutage } from './provider-outage.ts';
import { quotaForecast } from './quota-forecast.ts';
import { rateLimitSaturation } from './rate-limit-saturation.ts';
import { rateLimitSurge } from './rate-limit-surge.ts';
import { slowDownRisk } from './slow-down-risk.ts';
import { quotaExhausted } from './quota-exhausted.ts';
import { regionBlocked } from './region-blocked.ts';
import { retryStorm } from './retry-storm.ts';
import { slowDownSurge } from './slow-down-surge.ts';

/** All kinds that are detected in counts. */
export const detectors: readonly Detector[] = [
  slowDownSurge,
  quotaExhausted,
  regionBlocked,
  retryStorm,
  providerOutage,
  rateLimitSurge,
  rateLimitSaturation,
  slowDownRisk,
  quotaForecast,
  authFailure,
  errorSurge,
  unclassified,
];
