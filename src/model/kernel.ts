import type { Widget } from '@lumino/widgets';

interface ISessionContext {
  session?: { kernel?: { name?: string } | null } | null;
  kernelPreference?: { name?: string };
}

/**
 * The kernel specification of a notebook or console, or null.
 *
 * Looked at by its shape: the packages of notebooks and consoles are large, and neither is needed.
 */
export function activeKernel(widget: Widget | null): string | null {
  const shape = widget as unknown as {
    sessionContext?: ISessionContext;
    context?: { sessionContext?: ISessionContext };
  } | null;
  const found = shape?.sessionContext ?? shape?.context?.sessionContext;
  return found?.session?.kernel?.name ?? found?.kernelPreference?.name ?? null;
}
