/** The order of the schemes: how it will be, and what a map takes first. */
import type { IScheme, ISchemeChange } from '../api/types';

/** The toolbox as it will be once the server agreed: so a box is ticked when it is pressed. */
export function expected(
  schemes: readonly IScheme[],
  name: string,
  change: ISchemeChange
): IScheme[] {
  const { enabled, position } = change;
  const changed = schemes.map(scheme =>
    scheme.name === name && enabled !== undefined
      ? { ...scheme, enabled }
      : scheme
  );
  const from = changed.findIndex(scheme => scheme.name === name);
  if (position !== undefined && from >= 0) {
    changed.splice(position, 0, ...changed.splice(from, 1));
  }
  return changed;
}

/** The scheme that a map takes which any of them could run; null for none. */
export function firstChoice(schemes: readonly IScheme[]): string | null {
  const able = schemes.find(({ enabled, slots }) => enabled && slots > 0);
  return able?.name ?? null;
}
