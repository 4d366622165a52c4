import { Notification } from '@jupyterlab/apputils';
import { useEffect, useState } from 'react';

import { ApiError } from '../../api/errors';
import type { CleanupMode, IClusterInfo, IProfile } from '../../api/types';
import {
  DialogBody,
  type IDialogProps,
  showModal
} from '../../components/dialog';
import { profileIcon } from '../../components/icons';
import { Alert } from '../../components/problems';
import { startedHere } from '../../text/cluster';
import { CommandIDs, type IClusterAction } from '../../tokens';
import { cleanupChoices, CleanupQuestion } from '../cleanupQuestion';
import { NewProfile, Profiles } from '../profileList';

/** What must be decided before the profile can change. */
interface IQuestion {
  /** What was started here; null where the server's message says best what stands in the way. */
  cluster: IClusterInfo | null;
  message: string;
}

export function ProfileDialog(props: IDialogProps): JSX.Element {
  const { model, trans, close } = props;
  const [profiles, setProfiles] = useState<IProfile[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [chosen, setChosen] = useState('');
  const [question, setQuestion] = useState<IQuestion | null>(null);

  useEffect(() => {
    model.listProfiles().then(
      list => {
        setProfiles(list);
        setChosen(list.find(profile => profile.current)?.name ?? '');
      },
      (reason: Error) => setError(reason.message)
    );
  }, [model]);

  const create = async (name: string) => {
    const profile = await model.createProfile(name);
    setProfiles(await model.listProfiles());
    setChosen(profile.name);
  };
  const change = async (cleanup?: CleanupMode) => {
    try {
      await model.changeProfile(chosen, cleanup);
      close();
      if (cleanup) {
        const text =
          cleanup === 'terminate'
            ? trans.__(
                'The profile is now "%1"; what was started before was ended.',
                chosen
              )
            : trans.__(
                'The profile is now "%1"; what was started before runs on, and can be adopted there.',
                chosen
              );
        Notification.success(text, { autoClose: 5000 });
      }
    } catch (reason) {
      if (reason instanceof ApiError && reason.reason === 'cleanup-needed') {
        const cluster = await model.clusterWithOwners();
        // What was started can be somebody else's by now.
        const isHere = cluster && startedHere(cluster, trans) !== '';
        setQuestion({
          cluster: isHere ? cluster : null,
          message: reason.message
        });
        return;
      }
      throw reason;
    }
  };
  const cancel = { label: trans.__('Cancel'), choose: close };

  if (question !== null) {
    return (
      <DialogBody
        key="question"
        trans={trans}
        choices={[cancel, ...cleanupChoices(question.cluster, trans, change)]}
      >
        {question.cluster ? (
          <>
            <p>
              {trans.__(
                'Before the profile changes from "%1" to "%2", say what becomes of what was started.',
                question.cluster.profile,
                chosen
              )}
            </p>
            <CleanupQuestion cluster={question.cluster} trans={trans} />
          </>
        ) : (
          <Alert>{question.message}</Alert>
        )}
      </DialogBody>
    );
  }
  return (
    <DialogBody
      key="profiles"
      trans={trans}
      choices={[
        cancel,
        {
          label: trans.__('Change'),
          kind: 'accept',
          choose: () => change()
        }
      ]}
    >
      {error && <Alert>{error}</Alert>}
      {profiles === null && !error && (
        <p role="status">{trans.__('Reading profiles…')}</p>
      )}
      {profiles && (
        <Profiles
          profiles={profiles}
          chosen={chosen}
          choose={setChosen}
          trans={trans}
        />
      )}
      {(profiles || error) && <NewProfile create={create} trans={trans} />}
    </DialogBody>
  );
}

export const changeProfile: IClusterAction = {
  command: CommandIDs.changeProfile,
  icon: profileIcon,
  label: trans => trans.__('Change profile'),
  caption: trans => trans.__('Use the cluster of another IPython profile'),
  args: { type: 'object', properties: {} },
  execute: async (model, trans) => {
    await showModal(changeProfile.label(trans), close => (
      <ProfileDialog model={model} trans={trans} close={close} />
    ));
  }
};
