/** What the actions on one engine share: they ask before something is lost, and tell what failed. */
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { EngineAction, IEngine } from '../api/types';
import { DialogBody, showModal } from '../components/dialog';
import { whatIsLost } from '../text/engine';
import type { IClusterAction, IClustersModel } from '../tokens';

interface IEngineActionOptions {
  command: string;
  action: EngineAction;
  icon: LabIcon;
  /** The verb alone, as on the button that confirms it. */
  verb(trans: TranslationBundle): string;
  /** The action on this engine, or on any. */
  label(trans: TranslationBundle, engine?: number): string;
  caption(trans: TranslationBundle): string;
}

/** Ask before something is lost; whether to go on. */
async function confirm(
  title: string,
  loss: string,
  verb: string,
  trans: TranslationBundle
): Promise<boolean> {
  let isSure = false;
  await showModal(title, close => (
    <DialogBody
      trans={trans}
      choices={[
        { label: trans.__('Cancel'), choose: close },
        {
          label: verb,
          kind: 'warn',
          choose: () => {
            isSure = true;
            close();
          }
        }
      ]}
    >
      <p>{loss}</p>
    </DialogBody>
  ));
  return isSure;
}

/** The engine as it is known; looked up anew, with its owner, where that matters. */
async function engineOf(
  model: IClustersModel,
  id: number
): Promise<IEngine | null> {
  const find = (engines: readonly IEngine[] = []) =>
    engines.find(engine => engine.id === id) ?? null;
  const known = find(model.cluster?.engines);
  if (known?.started_here) {
    return known;
  }
  return find((await model.clusterWithOwners())?.engines) ?? known;
}

function idOf(args: ReadonlyPartialJSONObject, command: string): number {
  if (typeof args.engine !== 'number') {
    throw new Error(`${command} needs "engine", the id of an engine.`);
  }
  return args.engine;
}

/** The command that does `action` to the engine that its arguments name. */
export function engineAction(options: IEngineActionOptions): IClusterAction {
  const { action, command, icon, caption } = options;
  return {
    command,
    icon,
    label: (trans, args) =>
      options.label(
        trans,
        typeof args?.engine === 'number' ? args.engine : undefined
      ),
    caption,
    args: {
      type: 'object',
      required: ['engine'],
      properties: {
        engine: { type: 'integer', minimum: 0, description: 'Id of an engine' }
      }
    },
    execute: async (model, trans, args) => {
      const id = idOf(args, command);
      const name = options.label(trans, id);
      const engine = await engineOf(model, id);
      const loss = engine && whatIsLost(engine, action, trans);
      if (loss && !(await confirm(name, loss, options.verb(trans), trans))) {
        return;
      }
      try {
        await model.steerEngine(id, action);
      } catch (error) {
        const { message } = error as Error;
        Notification.error(`${name}: ${message}`, { autoClose: false });
      }
    }
  };
}
