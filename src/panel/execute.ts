import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

/** Run a command. The panel changes nothing but through commands. */
export type Execute = (
  command: string,
  args?: ReadonlyPartialJSONObject
) => Promise<unknown>;
