export { run, type StartOptions } from '../start/run-start.ts';
