/** Reads logs again and again, and says why it can not. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { useCallback, useEffect, useRef, useState } from 'react';

import { ApiError } from '../api/errors';
import type { ILog, ILogs } from '../api/types';
import type { IClustersModel } from '../tokens';

/** How often a log is read again while it is followed, in milliseconds. */
const PERIOD = 2000;

/** What a log is of: an engine, or another process by its name. */
export type LogOf = number | string;

/** Why a log can't be shown, in words that say what to do. */
export function refusalOf(error: Error, trans: TranslationBundle): string {
  return error instanceof ApiError && error.status === 403
    ? trans.__(
        'You may look at the cluster, but not at its logs: they may hold what others printed. Ask who runs this server for the right "read" on "parflow:logs".'
      )
    : error.message;
}

/** The processes that can be chosen: named ones, then engines that live or have a log. */
export function processesOf(logs: ILogs | null, chosen: LogOf): LogOf[] {
  const named = ['controller', 'supervisor', 'launcher'];
  const told = logs?.logs.map(log => log.process) ?? [];
  const names = named.filter(
    name => name !== 'launcher' || told.includes(name) || chosen === name
  );
  const engines = new Set(logs?.engines ?? []);
  if (typeof chosen === 'number') {
    engines.add(chosen);
  }
  return [...names, ...[...engines].sort((a, b) => a - b)];
}

/** The log that was asked for, or null. */
export function logOf(logs: ILogs | null, chosen: LogOf): ILog | null {
  const name = typeof chosen === 'number' ? `engine ${chosen}` : chosen;
  return logs?.logs.find(log => log.process === name) ?? null;
}

export interface IRead {
  logs: ILogs | null;
  error: string | null;
  /** Whether what is shown is of the process that is chosen. */
  isRead: boolean;
  again: () => Promise<void>;
}

/** Read the logs now, and again and again while they are followed. */
export function useLogs(
  model: IClustersModel,
  chosen: LogOf,
  tail: number,
  isFollowed: boolean,
  trans: TranslationBundle
): IRead {
  const [logs, setLogs] = useState<ILogs | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [readOf, setReadOf] = useState<LogOf | null>(null);
  const turn = useRef(0);
  const read = useCallback(async () => {
    const mine = ++turn.current;
    const engine = typeof chosen === 'number' ? chosen : null;
    const asked = model.logs(engine, tail);
    const found = await asked.catch((reason: Error) => reason);
    // What was asked for later counts.
    if (mine !== turn.current) {
      return;
    }
    if (found instanceof Error) {
      setError(refusalOf(found, trans));
    } else {
      setLogs(found);
      setError(null);
    }
    setReadOf(chosen);
  }, [model, chosen, tail, trans]);
  useEffect(() => {
    void read();
    return () => {
      // What is still asked must not be shown any more.
      turn.current += 1;
    };
  }, [read]);
  useEffect(() => {
    const timer = isFollowed ? setInterval(() => void read(), PERIOD) : 0;
    return () => clearInterval(timer);
  }, [read, isFollowed]);
  return { logs, error, isRead: readOf === chosen, again: read };
}
